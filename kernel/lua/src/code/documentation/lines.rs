/// A line of a comment without its dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Without the space that usually follows the dashes.
    pub(super) text: &'a str,
    /// Whether three dashes and no space stand before it.
    pub(super) is_annotation: bool,
}

/// The lines of a comment, which may be several one below the other.
pub(super) fn lines(comment: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut long: Option<usize> = None;
    for line in comment.lines() {
        let mut text = line;
        if long.is_none() {
            let trimmed = line.trim_start();
            let Some(rest) = trimmed.strip_prefix("--") else {
                continue;
            };
            long = level(rest);
            match long {
                Some(level) => text = rest[level + 2..].trim_start_matches('-'),
                None => {
                    let dashes = rest.len() - rest.trim_start_matches('-').len();
                    let body = &rest[dashes..];
                    lines.push(Line {
                        text: body.strip_prefix(' ').unwrap_or(body).trim_end(),
                        is_annotation: dashes == 1 && body.starts_with('@'),
                    });
                    continue;
                }
            }
        }
        if let Some(level) = long {
            let close = format!("]{}]", "=".repeat(level));
            if let Some((inside, _)) = text.split_once(&close) {
                text = inside;
                long = None;
            }
            lines.push(Line {
                text: text.trim_end(),
                is_annotation: false,
            });
        }
    }
    unindent(&mut lines);
    lines
}

/// The level of the long bracket that a text starts with.
fn level(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('[')?;
    let level = rest.len() - rest.trim_start_matches('=').len();
    rest[level..].starts_with('[').then_some(level)
}

/// Takes away what all lines are indented by, but for the first.
fn unindent(lines: &mut [Line<'_>]) {
    let indent = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    if let Some((first, rest)) = lines.split_first_mut() {
        let common = rest
            .iter()
            .filter(|line| !line.text.is_empty())
            .map(|line| indent(line.text))
            .min();
        let common = common.unwrap_or(0);
        for line in rest {
            line.text = line.text.get(common..).unwrap_or_default();
        }
        first.text = first.text.trim_start();
    }
}
