//! `display.image`: a picture from a file or from its bytes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use imagesize::ImageType;
use mlua::{Lua, Table, Value};
use perilune_language::{Host, MimeBundle};
use serde_json::{Map, Value as Json};

use super::options::{Options, count};
use super::show;
use crate::function;

/// The largest file that is shown, in bytes.
const LARGEST: u64 = 256 << 20;

pub(super) fn install(lua: &Lua, host: &Arc<dyn Host>, display: &Table) -> mlua::Result<()> {
    let host = Arc::clone(host);
    let image = function::create(lua, move |lua, arguments| {
        let others = ["path", "data", "width", "height", "alt"];
        let (content, read) = Options::of_content(arguments, true, &others)?;
        let options = match arguments {
            [Value::Table(options)] | [_, Value::Table(options), ..] => Some(options),
            _ => None,
        };
        let field = |name: &str| {
            let value = options.and_then(|options| options.raw_get::<Value>(name).ok());
            value.unwrap_or(Value::Nil)
        };
        let bytes = match (&content, field("path"), field("data")) {
            (Value::String(content), Value::Nil, Value::Nil) => {
                let bytes = decoded(content.as_bytes().to_vec());
                match kind(&bytes) {
                    Some(_) => bytes,
                    None => read_file(&content.to_string_lossy())?,
                }
            }
            (Value::Nil, Value::String(path), Value::Nil) => read_file(&path.to_string_lossy())?,
            (Value::Nil, Value::Nil, Value::String(data)) => data.as_bytes().to_vec(),
            _ => return Err("an image needs either path or data, a string".to_owned()),
        };
        let bytes = decoded(bytes);
        let size = Size {
            width: count(&field("width"), "width")?,
            height: count(&field("height"), "height")?,
        };
        let alt = match field("alt") {
            Value::Nil => None,
            Value::String(alt) => Some(alt.to_string_lossy()),
            other => return Err(format!("alt must be a string, not a {}", other.type_name())),
        };
        show(lua, &*host, bundle(&bytes, &size, alt.as_deref())?, read)
    })?;
    display.raw_set("image", image)
}

/// How large a picture is shown, in pixels of a page.
struct Size {
    width: Option<usize>,
    height: Option<usize>,
}

fn read_file(path: &str) -> Result<Vec<u8>, String> {
    let problem = |what: &str| format!("cannot show the image '{path}': {what}");
    let read = || {
        let about = fs::metadata(Path::new(path))?;
        // A FIFO or a device could block, or never end.
        (about.is_file() && about.len() <= LARGEST)
            .then(|| fs::read(path))
            .transpose()
    };
    let bytes = read().map_err(|error: std::io::Error| problem(&error.to_string()))?;
    bytes.ok_or_else(|| problem("it is not a file of at most 256 MiB"))
}

/// The bytes of a picture that somebody has given as base64.
fn decoded(bytes: Vec<u8>) -> Vec<u8> {
    if kind(&bytes).is_some() {
        return bytes;
    }
    let signs: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    match STANDARD.decode(signs) {
        Ok(decoded) if kind(&decoded).is_some() => decoded,
        _ => bytes,
    }
}

/// The MIME type and the name of what these bytes begin like.
fn kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    Some(match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => ("image/png", "PNG"),
        Ok(ImageType::Jpeg) => ("image/jpeg", "JPEG"),
        Ok(ImageType::Gif) => ("image/gif", "GIF"),
        Ok(ImageType::Webp) => ("image/webp", "WebP"),
        Ok(ImageType::Bmp) => ("image/bmp", "BMP"),
        _ if is_svg(bytes) => ("image/svg+xml", "SVG"),
        _ => return None,
    })
}

/// Whether it is XML whose first element is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!") => ">",
            _ => return rest.starts_with("<svg"),
        };
        match rest.find(end) {
            Some(at) => rest = rest[at + end.len()..].trim_start(),
            None => return false,
        }
    }
}

fn bundle(bytes: &[u8], size: &Size, alt: Option<&str>) -> Result<MimeBundle, String> {
    let Some((mime, name)) = kind(bytes) else {
        return Err(
            "these bytes are no image that can be shown: PNG, JPEG, GIF, WebP, BMP or SVG"
                .to_owned(),
        );
    };
    let mut plain = format!("<{name} image");
    if let Ok(size) = imagesize::blob_size(bytes) {
        plain.push_str(&format!(", {}×{}", size.width, size.height));
    }
    if let Some(alt) = alt {
        plain.push_str(&format!(": {alt}"));
    }
    plain.push('>');
    let data = if mime == "image/svg+xml" {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        STANDARD.encode(bytes)
    };
    let mut bundle = MimeBundle::plain(plain);
    bundle = bundle.with(mime, data);
    let hints = [("width", size.width), ("height", size.height)];
    let mut hints: Map<String, Json> = hints
        .into_iter()
        .filter_map(|(name, pixels)| Some((name.to_owned(), Json::from(pixels?))))
        .collect();
    if let Some(alt) = alt {
        hints.insert("alt".to_owned(), alt.into());
    }
    if !hints.is_empty() {
        bundle.metadata.insert(mime.to_owned(), Json::Object(hints));
    }
    Ok(bundle)
}
