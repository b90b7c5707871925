//! Custom identifiers as companies define them.

use std::fmt::Write as _;

/// Name and regex of each.
pub const CUSTOMS: [(&str, &str); 10] = [
    ("EmployeeNumber", "EMP-[0-9]{6}"),
    ("PartNumber", "[A-Z]{2}[0-9]{7}"),
    ("AccountKey", "acct_[a-f0-9]{12}"),
    ("OrderNumber", "ORD[0-9]{8,10}"),
    ("Ticket", "[A-Z]{3,5}-[0-9]{4,6}"),
    ("SessionToken", "sess-[A-Za-z0-9]{20,40}"),
    ("CustomerMail", "[a-z.]{1,30}@corp[.]example"),
    ("Badge", "[0-9]{4}-[A-Z]{2}-[0-9]{4}"),
    ("SecretKey", "sk_live_[0-9a-zA-Z]{24}|sk_test_[0-9a-zA-Z]{24}"),
    ("Serial", "[sS][nN][0-9]{8}"),
];

/// A policy document of the managed `identifiers` and [`CUSTOMS`].
pub fn with_customs(identifiers: &[&str]) -> String {
    let (mut names, mut defined) = (String::new(), String::new());
    for name in identifiers {
        write!(names, "\"arn:aws:dataprotection::aws:data-identifier/{name}\",").expect("a string");
    }
    for (index, (name, regex)) in CUSTOMS.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(names, "{comma}\"{name}\"").expect("a string");
        write!(defined, "{comma}{{\"Name\":\"{name}\",\"Regex\":\"{regex}\"}}").expect("a string");
    }
    let statement =
        |operation: &str| format!("{{\"DataIdentifier\":[{names}],\"Operation\":{operation}}}");
    format!(
        "{{\"Name\":\"bench\",\"Version\":\"2021-06-01\",\
         \"Configuration\":{{\"CustomDataIdentifier\":[{defined}]}},\"Statement\":[{},{}]}}",
        statement("{\"Audit\":{\"FindingsDestination\":{}}}"),
        statement("{\"Deidentify\":{\"MaskConfig\":{}}}"),
    )
}
