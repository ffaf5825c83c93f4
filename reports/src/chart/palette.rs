//! The colours of charts, in both themes, and the shapes that say the same without colour.
//!
//! The drawing carries the light theme's colours as plain attributes, so that it is right anywhere; the stylesheet
//! finds them by these attributes and gives each its name, so that a page can change the theme.
//! The hues are Okabe and Ito's, which stay apart under all common kinds of colour blindness, darkened or lightened
//! where the contrast with the background asks for it ("Color Universal Design", 2008).

use std::fmt::Write;

use plotters::style::RGBColor;

use crate::model::Architecture;

/// A colour with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    /// The name of its CSS variable.
    name: &'static str,
    /// On a light background. No two colours share it.
    light: u32,
    /// On a dark background.
    dark: u32,
}

impl Colour {
    /// What the drawing is made with.
    pub(crate) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

const fn colour(name: &'static str, light: u32, dark: u32) -> Colour {
    Colour { name, light, dark }
}

/// What everything is drawn on.
pub(crate) const SURFACE: Colour = colour("surface", 0xFFFFFF, 0x14171B);
/// Titles.
pub(crate) const INK: Colour = colour("ink", 0x1A1D21, 0xE8EAED);
/// Labels.
pub(crate) const MUTED: Colour = colour("muted", 0x545C66, 0xA4ADB8);
/// Axes.
pub(crate) const AXIS: Colour = colour("axis", 0x7A838E, 0x77818D);
/// Lines that only guide the eye.
pub(crate) const RULE: Colour = colour("rule", 0xDFE3E8, 0x2D333A);
/// Behind the time in which something is broken.
pub(super) const WINDOW: Colour = colour("window", 0xF6E7DC, 0x3A2C22);

/// Everything that is no series.
const GROUND: [Colour; 6] = [SURFACE, INK, MUTED, AXIS, RULE, WINDOW];

/// The series: the three architectures first, then whatever else was measured.
const SERIES: [Colour; 8] = [
    colour("call", 0x0072B2, 0x56B4E9),
    colour("queue", 0xD55E00, 0xF0913A),
    colour("log", 0x00875F, 0x2CB68B),
    colour("series-4", 0xB0478A, 0xCC79A7),
    colour("series-5", 0x8A6A00, 0xE6C543),
    colour("series-6", 0x4B5563, 0xC3CAD3),
    colour("series-7", 0x6B4FBB, 0xA893F0),
    colour("series-8", 0x0E7C86, 0x4FC4CF),
];

/// How a series' points look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Circle,
    Triangle,
    Square,
    Diamond,
    Cross,
}

/// How a series is told from the others: by colour and by shape, each enough on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) colour: Colour,
    pub(crate) shape: Shape,
}

impl Mark {
    /// An architecture's mark, the same everywhere in the report.
    pub(crate) fn of(architecture: Architecture) -> Mark {
        match architecture {
            Architecture::Sync => Mark { colour: SERIES[0], shape: Shape::Circle },
            Architecture::Queue => Mark { colour: SERIES[1], shape: Shape::Triangle },
            Architecture::Log => Mark { colour: SERIES[2], shape: Shape::Square },
        }
    }

    /// The mark of the `index`-th thing that is no architecture. Colours and shapes repeat out of step.
    pub(crate) fn other(index: usize) -> Mark {
        const SHAPES: [Shape; 5] = [Shape::Diamond, Shape::Cross, Shape::Circle, Shape::Triangle, Shape::Square];
        let others = &SERIES[3..];
        Mark { colour: others[index % others.len()], shape: SHAPES[index % SHAPES.len()] }
    }
}

/// Which of the series the families of systems take, in the order in which they come. Grey is the first: what comes
/// after our broker is the byte relay, which is no broker.
const FAMILIES: [usize; 5] = [5, 3, 4, 6, 7];

/// Marks for systems, by their names. Ours have those of the architectures that they are; of the others, those of one
/// family (`rabbitmq-classic` and `rabbitmq-quorum`) share a colour and differ in shape.
pub(crate) fn marks_of_systems(names: &[&str]) -> Vec<Mark> {
    const SHAPES: [Shape; 5] = [Shape::Diamond, Shape::Cross, Shape::Circle, Shape::Triangle, Shape::Square];
    // How many of each family there were, in the order in which families came.
    let mut families: Vec<(String, usize)> = Vec::new();
    let mut other = |name: &str| {
        let family = name.split_once(['-', '?']).map_or(name, |(family, _)| family).to_owned();
        let place = families.iter().position(|(one, _)| *one == family).unwrap_or_else(|| {
            families.push((family, 0));
            families.len() - 1
        });
        families[place].1 += 1;
        let shape = SHAPES[(place + families[place].1) % SHAPES.len()];
        Mark { colour: SERIES[FAMILIES[place % FAMILIES.len()]], shape }
    };
    names.iter().map(|name| architecture_of_system(name).map_or_else(|| other(name), Mark::of)).collect()
}

fn architecture_of_system(name: &str) -> Option<Architecture> {
    match name {
        "broker" => Some(Architecture::Queue),
        "log-server" => Some(Architecture::Log),
        "call" => Some(Architecture::Sync),
        _ => None,
    }
}

/// The variables of all colours in both themes, and the rules that give them to a drawing of class `chart`.
pub(crate) fn stylesheet() -> String {
    let mut variables = String::from(":root {\n");
    let mut rules = String::new();
    for Colour { name, light, dark } in GROUND.into_iter().chain(SERIES) {
        let _ = writeln!(variables, "  --{name}: light-dark(#{light:06X}, #{dark:06X});");
        let _ = writeln!(rules, ".chart [fill=\"#{light:06X}\"] {{ fill: var(--{name}); }}");
        let _ = writeln!(rules, ".chart [stroke=\"#{light:06X}\"] {{ stroke: var(--{name}); }}");
    }
    format!("{variables}}}\n{rules}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_stylesheet_can_tell_all_colours_apart() {
        let all: Vec<Colour> = GROUND.into_iter().chain(SERIES).collect();
        let distinct: BTreeSet<u32> = all.iter().map(|colour| colour.light).collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_dozen_systems_can_be_told_apart_and_families_share_a_colour() {
        let names = [
            "broker",
            "relay",
            "log-server",
            "call",
            "rabbitmq-classic",
            "rabbitmq-quorum",
            "rabbitmq-stream",
            "nats-memory",
            "nats-file",
            "redis-stream",
            "redis-list",
            "beanstalkd",
        ];
        let marks = marks_of_systems(&names);
        for (place, mark) in marks.iter().enumerate() {
            assert!(!marks[..place].contains(mark), "{}", names[place]);
        }
        assert_eq!((marks[4].colour, marks[7].colour), (marks[6].colour, marks[8].colour));
        assert_eq!(marks[0], Mark::of(Architecture::Queue));
    }
}
