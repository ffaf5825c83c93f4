//! Lines, text and marks in a chart's own units, drawn by plotters into SVG elements.

use plotters::coord::Shift;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, IntoTextStyle};

use super::palette::{Colour, MUTED, Mark, SURFACE, Shape};

/// A position in the chart's units: from the left, from the top.
pub(super) type Place = (i32, i32);

/// Why drawing failed. Plotters' own error types carry the backend's; the words are enough here.
pub(super) type Failure = String;

/// How wide an ordinary chart is drawn, in units. More than it is shown in pixels, because plotters rounds every
/// coordinate to a unit.
pub(super) const WIDTH: u32 = 920;

/// How wide a small chart is drawn, of which three stand beside each other.
pub(super) const SMALL_WIDTH: u32 = 660;

/// The size of ordinary text, in units.
pub(super) const TEXT_SIZE: f64 = 26.0;

/// What plotters writes into each element and nobody needs, since it is the default or the stylesheet says it; a page
/// has thousands of them.
const SAYS_NOTHING: [(&str, &str); 6] = [
    (" opacity=\"1\"", ""),
    (" stroke=\"none\" stroke-width=\"1\"", ""),
    (" stroke=\"none\"", ""),
    (" font-family=\"sans-serif\"", ""),
    (".000000000000004\"", "\""),
    (" \"/>", "\"/>"),
];

/// A surface being drawn on.
pub(super) struct Canvas<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    width: u32,
}

impl<'a> Canvas<'a> {
    /// Draws a chart of this width and height and gives back its elements, without the `svg` around them.
    pub(super) fn draw(
        size: (u32, u32),
        content: impl FnOnce(&Canvas<'_>) -> Result<(), Failure>,
    ) -> Result<String, Failure> {
        Self::elements(size, |canvas| {
            canvas.root.fill(&SURFACE.rgb()).map_err(describe)?;
            content(canvas)
        })
    }

    /// A mark alone, in the middle of a square 28 units wide.
    pub(super) fn icon(mark: Mark) -> Result<String, Failure> {
        Self::elements((28, 28), |canvas| canvas.mark((14, 14), mark))
    }

    fn elements(size: (u32, u32), content: impl FnOnce(&Canvas<'_>) -> Result<(), Failure>) -> Result<String, Failure> {
        let mut document = String::new();
        let canvas = Canvas { root: SVGBackend::with_string(&mut document, size).into_drawing_area(), width: size.0 };
        content(&canvas)?;
        canvas.root.present().map_err(describe)?;
        drop(canvas);
        let inside = document.split_once(">\n").map_or("", |(_, inside)| inside);
        let elements = inside.trim_end().trim_end_matches("</svg>");
        Ok(SAYS_NOTHING.iter().fold(elements.to_owned(), |slim, (said, instead)| slim.replace(said, instead)))
    }

    /// How wide it is.
    pub(super) fn width(&self) -> i32 {
        self.width as i32
    }

    /// A line through all `places`.
    pub(super) fn line(&self, places: Vec<Place>, colour: Colour, width: u32) -> Result<(), Failure> {
        self.root.draw(&PathElement::new(places, colour.rgb().stroke_width(width))).map_err(describe)
    }

    /// A filled rectangle between two corners.
    pub(super) fn bar(&self, corners: [Place; 2], colour: Colour) -> Result<(), Failure> {
        self.root.draw(&Rectangle::new(corners, colour.rgb().filled())).map_err(describe)
    }

    /// A ring around a place.
    pub(super) fn ring(&self, place: Place, colour: Colour) -> Result<(), Failure> {
        self.root.draw(&Circle::new(place, 17, colour.rgb().stroke_width(4))).map_err(describe)
    }

    /// Ordinary text, its middle at the height of `place`.
    pub(super) fn label(&self, text: &str, place: Place, align: HPos) -> Result<(), Failure> {
        self.text(text, place, align, (TEXT_SIZE, FontStyle::Normal, MUTED))
    }

    /// Text of a given size, style and colour.
    pub(super) fn text(
        &self,
        text: &str,
        place: Place,
        align: HPos,
        (size, style, colour): (f64, FontStyle, Colour),
    ) -> Result<(), Failure> {
        // The SVG backend divides every size by this.
        let font = FontDesc::new(FontFamily::SansSerif, size * 1.24, style);
        let rgb = colour.rgb();
        let style = font.into_text_style(&self.root).color(&rgb).pos(Pos::new(align, VPos::Center));
        self.root.draw(&Text::new(text, place, style)).map_err(describe)
    }

    /// A series' mark. A ring of the background's colour keeps overlapping marks apart.
    pub(super) fn mark(&self, place: Place, mark: Mark) -> Result<(), Failure> {
        match outline(mark.shape, place) {
            None => {
                self.root.draw(&Circle::new(place, 11, SURFACE.rgb().filled())).map_err(describe)?;
                self.root.draw(&Circle::new(place, 8, mark.colour.rgb().filled())).map_err(describe)
            }
            Some(corners) => {
                let mut edge = corners.clone();
                edge.extend(corners.first());
                self.line(edge, SURFACE, 5)?;
                self.root.draw(&Polygon::new(corners, mark.colour.rgb().filled())).map_err(describe)
            }
        }
    }
}

/// The corners of a shape around a place; a circle has none.
fn outline(shape: Shape, (x, y): Place) -> Option<Vec<Place>> {
    let offsets: &[Place] = match shape {
        Shape::Circle => return None,
        Shape::Triangle => &[(0, -11), (10, 7), (-10, 7)],
        Shape::Square => &[(-8, -8), (8, -8), (8, 8), (-8, 8)],
        Shape::Diamond => &[(0, -11), (11, 0), (0, 11), (-11, 0)],
        Shape::Cross => &[
            (-3, -10),
            (3, -10),
            (3, -3),
            (10, -3),
            (10, 3),
            (3, 3),
            (3, 10),
            (-3, 10),
            (-3, 3),
            (-10, 3),
            (-10, -3),
            (-3, -3),
        ],
    };
    Some(offsets.iter().map(|(right, down)| (x + right, y + down)).collect())
}

fn describe(error: impl std::fmt::Display) -> Failure {
    error.to_string()
}
