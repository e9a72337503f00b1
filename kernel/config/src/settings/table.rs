/// Makes of each line of the table a field of a section, and an entry of [`super::KEYS`].
macro_rules! settings {
    ($(
        $(#[doc = $section_doc:literal])+
        $section:ident: $Section:ident {
            $(
                $(#[doc = $doc:literal])+
                $name:ident: $Type:ty = $default:expr,
                variable $variable:literal, $(flag $flag:literal,)? at $applies:ident, project $project:ident;
            )+
        }
    )+) => {
        /// What is set, all of it valid.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $( $(#[doc = $section_doc])+ pub $section: $Section, )+
        }

        $(
            $(#[doc = $section_doc])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section {
                $( $(#[doc = $doc])+ pub $name: $Type, )+
            }
        )+

        impl Default for Settings {
            fn default() -> Self {
                Self { $( $section: $Section { $( $name: $default, )+ }, )+ }
            }
        }

        /// Every section, in the order of the table.
        pub const SECTIONS: &[$crate::key::Section] = &[$(
            $crate::key::Section { name: stringify!($section), doc: &[$($section_doc),+] },
        )+];

        /// Every setting, in the order of the table.
        pub const KEYS: &[$crate::key::Key] = &[$($(
            $crate::key::Key {
                name: concat!(stringify!($section), ".", stringify!($name)),
                doc: &[$($doc),+],
                expected: <$Type as $crate::setting::Setting>::expected,
                default: || {
                    let default: $Type = $default;
                    $crate::setting::Setting::value(&default)
                },
                variable: $variable,
                flag: settings!(@optional $($flag)?),
                applies: $crate::key::Applies::$applies,
                project: $crate::key::ProjectRule::$project,
                empty_is_said: <$Type as $crate::setting::Setting>::EMPTY_IS_SAID,
                put: |settings, given, bound| {
                    let value: $Type = given.read()?;
                    let now = &mut settings.$section.$name;
                    if bound == $crate::key::Bound::NoMoreThanNow
                        && !$crate::setting::Setting::is_within(&value, now)
                    {
                        return Err(format!(
                            "a project may only set less than the user has, which is {}",
                            $crate::setting::Setting::value(now)
                        ));
                    }
                    *now = value;
                    Ok(())
                },
                get: |settings| $crate::setting::Setting::value(&settings.$section.$name),
                copy: |to, from| to.$section.$name.clone_from(&from.$section.$name),
            },
        )+)+];
    };
    (@optional $flag:literal) => { Some($flag) };
    (@optional) => { None };
}
pub(super) use settings;
