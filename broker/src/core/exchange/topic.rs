//! Topic bindings: patterns of words separated by dots, in which `*` stands for one word and `#` for any number
//! (AMQP 0-9-1, 3.1.3.3).
//!
//! They lie in a trie. Matching walks it as a nondeterministic automaton, one word after the other, with the set of
//! nodes that the words so far lead to: at most as much work as there are words times nodes, however `#` is nested.

use std::collections::BTreeMap;
use std::sync::Arc;

use slotmap::{SlotMap, new_key_type};

use crate::core::binding::{Target, Targets};

new_key_type! {
    struct NodeKey;
}

/// Patterns, and what is bound with them.
#[derive(Debug)]
pub(super) struct TopicBindings {
    nodes: SlotMap<NodeKey, Node>,
    root: NodeKey,
}

/// Where a pattern's words lead to.
#[derive(Debug, Default)]
struct Node {
    /// Where it came from, by which word; nowhere for the root.
    parent: Option<(NodeKey, Word)>,
    children: BTreeMap<Word, NodeKey>,
    /// Whether its own word is `#`: it takes any number of words and stays where it is.
    is_rest: bool,
    targets: Targets,
}

/// A word of a pattern; compared as bytes, `*` and `#` among them.
type Word = Arc<[u8]>;

const ANY_WORD: &[u8] = b"*";
const ANY_WORDS: &[u8] = b"#";

/// The words of a pattern or a routing key. An empty one has none, as in RabbitMQ.
fn words(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    key.split(|byte| *byte == b'.').filter(|_| !key.is_empty())
}

impl Default for TopicBindings {
    fn default() -> Self {
        let mut nodes = SlotMap::with_key();
        let root = nodes.insert(Node::default());
        TopicBindings { nodes, root }
    }
}

impl TopicBindings {
    /// Tells `found` what is bound with patterns that match.
    pub fn route(&self, routing_key: &[u8], found: &mut impl FnMut(Target)) {
        let mut active = Vec::new();
        self.reach(self.root, &mut active);
        for word in words(routing_key) {
            let mut reached = Vec::new();
            for key in active {
                let node = &self.nodes[key];
                if node.is_rest {
                    self.reach(key, &mut reached);
                }
                for child in [node.children.get(word), node.children.get(ANY_WORD)].into_iter().flatten() {
                    // A routing key may have the words `*` and `#`, which are then nothing but themselves.
                    if !self.nodes[*child].is_rest {
                        self.reach(*child, &mut reached);
                    }
                }
            }
            reached.sort_unstable();
            reached.dedup();
            active = reached;
        }
        active.into_iter().flat_map(|key| self.nodes[key].targets.iter()).for_each(found);
    }

    /// Adds a node, and those that no more words lead to from it.
    fn reach(&self, mut key: NodeKey, reached: &mut Vec<NodeKey>) {
        reached.push(key);
        while let Some(rest) = self.nodes[key].children.get(ANY_WORDS) {
            reached.push(*rest);
            key = *rest;
        }
    }

    /// What is bound.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        self.nodes.values().flat_map(|node| node.targets.iter())
    }

    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1 && self.nodes[self.root].targets.is_empty()
    }

    /// Adds a binding.
    pub fn bind(&mut self, target: Target, pattern: &[u8]) {
        let mut key = self.root;
        for word in words(pattern) {
            key = match self.nodes[key].children.get(word) {
                Some(child) => *child,
                None => self.add_child(key, word.into()),
            };
        }
        self.nodes[key].targets.insert(target);
    }

    fn add_child(&mut self, parent: NodeKey, word: Word) -> NodeKey {
        let is_rest = *word == *ANY_WORDS;
        let node = Node { parent: Some((parent, Arc::clone(&word))), is_rest, ..Node::default() };
        let key = self.nodes.insert(node);
        self.nodes[parent].children.insert(word, key);
        key
    }

    /// Removes a binding that is there, and the nodes that lead to nothing then.
    pub fn unbind(&mut self, target: Target, pattern: &[u8]) {
        let child = |key, word| self.nodes[key].children.get(word).copied();
        let Some(mut key) = words(pattern).try_fold(self.root, child) else { return };
        self.nodes[key].targets.remove(target);
        while self.nodes[key].targets.is_empty() && self.nodes[key].children.is_empty() {
            let Some((parent, word)) = self.nodes[key].parent.take() else { return };
            self.nodes.remove(key);
            self.nodes[parent].children.remove(&word);
            key = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::broker::QueueKey;

    /// The rule itself, by trying everything.
    fn matches(pattern: &[&[u8]], key: &[&[u8]]) -> bool {
        match (pattern, key) {
            ([], []) => true,
            ([ANY_WORDS, rest @ ..], _) => (0..=key.len()).any(|taken| matches(rest, &key[taken..])),
            ([first, pattern @ ..], [word, key @ ..]) => (*first == ANY_WORD || first == word) && matches(pattern, key),
            _ => false,
        }
    }

    fn target() -> Target {
        Target::Queue(QueueKey::default())
    }

    fn routes(pattern: &str, key: &str) -> bool {
        let mut bindings = TopicBindings::default();
        bindings.bind(target(), pattern.as_bytes());
        let mut count = 0;
        bindings.route(key.as_bytes(), &mut |_| count += 1);
        assert!(count <= 1, "{pattern} {key}");
        count == 1
    }

    #[test]
    fn a_star_is_one_word_and_a_hash_any_number() {
        for (pattern, key) in [
            ("a.b", "a.b"),
            ("a.*", "a.b"),
            ("*", "a"),
            ("#", ""),
            ("#", "a.b.c"),
            ("a.#", "a"),
            ("a.#.c", "a.c"),
            ("#.c", "a.b.c"),
            ("", ""),
            ("a.*.", "a.b."),
            ("#.#", "a"),
        ] {
            assert!(routes(pattern, key), "{pattern} {key}");
        }
        for (pattern, key) in
            [("a.b", "a"), ("a.*", "a"), ("*", ""), ("*", "a.b"), ("a.#", "b"), ("#.c", "c.a"), ("a", "*"), ("a", "#")]
        {
            assert!(!routes(pattern, key), "{pattern} {key}");
        }
    }

    #[test]
    fn a_forest_of_hashes_is_walked_in_no_time() {
        let mut bindings = TopicBindings::default();
        bindings.bind(target(), "#.a.".repeat(60).as_bytes());
        let mut count = 0;
        bindings.route("a.".repeat(127).as_bytes(), &mut |_| count += 1);
        assert_eq!(count, 1, "it ends with an empty word, as the key does");
    }

    proptest! {
        #[test]
        fn routing_agrees_with_the_rule_and_unbinding_leaves_nothing(
            patterns in prop::collection::vec("([ab*#](\\.[ab*#]){0,4})?", 1..6),
            key in "([ab](\\.[ab]){0,4})?",
        ) {
            let mut bindings = TopicBindings::default();
            for pattern in &patterns {
                bindings.bind(target(), pattern.as_bytes());
            }
            let split = |text: &str| super::words(text.as_bytes()).map(<[u8]>::to_vec).collect::<Vec<_>>();
            let expected = patterns.iter().any(|pattern| {
                let (pattern, key) = (split(pattern), split(&key));
                let pattern: Vec<&[u8]> = pattern.iter().map(Vec::as_slice).collect();
                matches(&pattern, &key.iter().map(Vec::as_slice).collect::<Vec<_>>())
            });
            let mut is_found = false;
            bindings.route(key.as_bytes(), &mut |_| is_found = true);
            prop_assert_eq!(is_found, expected);
            for pattern in &patterns {
                prop_assert!(!bindings.is_empty());
                bindings.unbind(target(), pattern.as_bytes());
            }
            prop_assert!(bindings.is_empty());
        }
    }
}
