//! Charts as images.

use super::{Chart, Column, Style, Table, Value, line, numbers, sales, series, titled};
use perilune_chart::BarLayout;
use roxmltree::Document;

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    // roxmltree wants the namespace with the name.
    let texts: Vec<_> = texts.collect();
    let texts = if texts.is_empty() {
        document
            .descendants()
            .filter(|node| node.tag_name().name() == "text")
            .collect()
    } else {
        texts
    };
    texts
        .iter()
        .map(|node| node.text().unwrap_or_default().trim().to_owned())
        .collect()
}

fn count(svg: &str, element: &str, attribute: (&str, &str)) -> usize {
    let document = Document::parse(svg).unwrap();
    let nodes = document.descendants().filter(|node| {
        node.tag_name().name() == element && node.attribute(attribute.0) == Some(attribute.1)
    });
    nodes.count()
}

#[test]
fn text_is_escaped() {
    let svg = line(&[1.0, 2.0], titled("<script>alert('&')</script>\0"))
        .svg()
        .unwrap();
    assert!(!svg.contains("<script"));
    assert_eq!(texts(&svg)[0], "<script>alert('&')</script>");
}

#[test]
fn nothing_is_painted_behind_it_and_its_ink_reads_on_light_and_dark() {
    let svg = line(&[1.0, 2.0], titled("t")).svg().unwrap();
    assert!(svg.starts_with("<svg width=\"640\" height=\"360\" viewBox=\"0 0 640 360\""));
    let document = Document::parse(&svg).unwrap();
    let elements = document
        .root_element()
        .children()
        .filter(roxmltree::Node::is_element);
    assert!(
        elements
            .clone()
            .all(|node| node.tag_name().name() != "rect"),
        "{svg}"
    );
    let ink = elements.filter(|node| node.tag_name().name() == "text");
    assert!(ink.clone().count() > 5);
    for node in ink {
        let gray = node.attribute("fill").unwrap();
        assert_eq!(gray, "#7A7A7A");
        for background in [255, 17] {
            assert!(contrast(0x7a, background) > 4.0, "{gray} on {background}");
        }
    }
}

/// The contrast of two greys, as WCAG 2.1 defines it.
fn contrast(left: u8, right: u8) -> f64 {
    let luminance = |gray: u8| {
        let share = f64::from(gray) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    let (left, right) = (luminance(left) + 0.05, luminance(right) + 0.05);
    left.max(right) / left.min(right)
}

#[test]
fn a_gap_interrupts_a_line_and_a_lonely_point_is_a_dot() {
    let values = [1.0, 2.0, f64::NAN, 4.0, f64::INFINITY, 1.0, 2.0].map(Value::Number);
    let svg = Chart::line(series(values.into()), Style::default())
        .unwrap()
        .svg()
        .unwrap();
    let blue = ("stroke", "#4C78A8");
    assert_eq!(
        count(&svg, "polyline", blue) + count(&svg, "line", blue),
        2,
        "{svg}"
    );
    assert_eq!(count(&svg, "circle", ("fill", "#4C78A8")), 5);
}

#[test]
fn series_have_a_legend_and_their_colours() {
    let svg = Chart::bar(sales(), BarLayout::Grouped, Style::default())
        .unwrap()
        .svg()
        .unwrap();
    let texts = texts(&svg);
    for text in ["Q1", "Q2", "Q3", "quarter", "north", "south"] {
        assert!(texts.contains(&text.to_owned()), "{text} in {texts:?}");
    }
    // Three bars and two, and the legend's.
    assert_eq!(count(&svg, "rect", ("fill", "#4C78A8")), 4);
    assert_eq!(count(&svg, "rect", ("fill", "#F58518")), 3);
}

#[test]
fn a_colour_is_for_all_of_it() {
    let style = Style {
        color: Some("crimson".parse().unwrap()),
        ..Style::default()
    };
    let svg = line(&[1.0, 2.0, 1.0], style).svg().unwrap();
    assert_eq!(count(&svg, "polyline", ("stroke", "#DC143C")), 1, "{svg}");
}

#[test]
fn a_few_long_names_are_cut_and_many_stand_upright() {
    let bars = |count: usize| {
        let names: Vec<String> = (0..count)
            .map(|n| format!("the long name number {n}"))
            .collect();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let table = Table {
            x: Column::new("", crate::texts(&names)),
            y: vec![Column::new("", numbers(&vec![1.0; count]))],
            color: None,
        };
        Chart::bar(table, BarLayout::Grouped, Style::default())
            .unwrap()
            .svg()
            .unwrap()
    };
    let few = bars(4);
    assert!(!few.contains("rotate"), "{few}");
    assert!(
        texts(&few)
            .iter()
            .any(|text| text.starts_with("the long na") && text.ends_with('…'))
    );
    let many = bars(20);
    assert!(
        many.contains("rotate(270") && texts(&many).contains(&"the long name number 19".to_owned())
    );
}
