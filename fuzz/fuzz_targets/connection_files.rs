//! Connection files: what is accepted is the same when it was written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use perilune_wire::ConnectionFile;

fuzz_target!(|text: &[u8]| {
    if let Ok(file) = ConnectionFile::parse(text) {
        let endpoints = file.endpoints().unwrap();
        let again = ConnectionFile::parse(file.to_json().unwrap().as_bytes()).unwrap();
        assert!(again == file, "{file:?}");
        assert_eq!(again.endpoints().unwrap(), endpoints);
        assert_eq!(file.clone().with_ports(endpoints.ports()), file);
    }
});
