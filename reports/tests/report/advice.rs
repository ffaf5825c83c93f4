//! The page of an advice.

use handoff_reports::advice::AdvicePage;
use handoff_reports::render_advice;

use crate::folder;

#[test]
fn an_advice_is_one_page_that_asks_for_nothing_and_escapes_what_it_is_given() {
    let page = AdvicePage {
        verdict: "A queue: 99 in 100 <jobs> are done".into(),
        command: "handoff advise --rate 10/s".into(),
        columns: vec!["sync".into(), "queue".into()],
        figures: vec![vec!["response p50".into(), "120 ms".into(), "1 ms".into()]],
        lists: vec![("Why", vec!["queue does".into()]), ("Where the answer tips", Vec::new())],
    };
    let file = folder("advice").join("advice.html");
    render_advice(&page, &file).expect("the page is written");
    let html = std::fs::read_to_string(&file).expect("the file was written");
    for text in
        ["<th scope=\"row\">response p50</th><td>120 ms</td><td>1 ms</td>", "<h2>Why</h2>", "<li>queue does</li>"]
    {
        assert!(html.contains(text), "{text}");
    }
    assert!(!html.contains("<jobs>") && !html.contains("Where the answer tips"));
    assert!(!html.contains("src=") && !html.contains("http:"), "nothing is loaded");
}
