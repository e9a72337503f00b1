use perilune_language::debug::HitCondition;

/// Reads `5`, `== 5`, `>= 5`, `> 5`, `<= 5`, `< 5` and `% 5`.
///
/// # Errors
///
/// What can be written instead, for a person.
pub(crate) fn parse(text: &str) -> Result<HitCondition, String> {
    let wrong = || {
        format!(
            "`{text}` is no hit condition: write a number for that hit, or >=, >, <=, < or % and a number (%3 is every third hit)"
        )
    };
    let text_of_number = text.trim_start_matches(['=', '>', '<', '%']);
    let operator = &text[..text.len() - text_of_number.len()];
    let digits = text_of_number.trim();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    match operator {
        "" | "=" | "==" | "===" if number > 0 => Ok(HitCondition::Equal(number)),
        ">=" => Ok(HitCondition::AtLeast(number)),
        ">" => Ok(HitCondition::AtLeast(number.saturating_add(1))),
        "<=" if number > 0 => Ok(HitCondition::AtMost(number)),
        "<" if number > 1 => Ok(HitCondition::AtMost(number - 1)),
        "%" if number > 0 => Ok(HitCondition::Multiple(number)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_condition_is_a_number_or_a_comparison_with_one() {
        for (text, condition) in [
            ("5", HitCondition::Equal(5)),
            ("= 5", HitCondition::Equal(5)),
            ("==5", HitCondition::Equal(5)),
            (">=5", HitCondition::AtLeast(5)),
            ("> 5", HitCondition::AtLeast(6)),
            ("<= 5", HitCondition::AtMost(5)),
            ("<5", HitCondition::AtMost(4)),
            ("%3", HitCondition::Multiple(3)),
            ("% 3", HitCondition::Multiple(3)),
        ] {
            assert_eq!(parse(text), Ok(condition), "{text}");
        }
    }

    #[test]
    fn what_could_never_be_hit_or_makes_no_sense_is_refused_with_what_can_be_written() {
        for text in [
            "five",
            "0",
            "%0",
            "<1",
            "<=0",
            ">",
            "",
            "5x",
            "-5",
            "5 5",
            "!= 5",
            "=>5",
            "1e3",
            "99999999999999999999",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(text) && error.contains("%3"), "{error}");
        }
    }
}
