//! The fields that AWS discovers in the lines of Lambda.

/// Names and texts.
pub(super) type Lambda = Vec<(&'static str, String)>;

const TYPES: [&str; 3] = ["START", "END", "REPORT"];

/// Labels of a report, the fields of their values, and what a unit is multiplied by.
const LABELS: [(&str, &str, f64); 6] = [
    ("Duration: ", "@duration", 1.0),
    ("Billed Duration: ", "@billedDuration", 1.0),
    ("Init Duration: ", "@initDuration", 1.0),
    // Choice: bytes, of which AWS's sample query makes MB by dividing by 1000 twice.
    ("Memory Size: ", "@memorySize", 1e6),
    ("Max Memory Used: ", "@maxMemoryUsed", 1e6),
    ("XRAY TraceId: ", "@xrayTraceId", 0.0),
];

/// The fields of a line that Lambda writes about a request.
pub(super) fn lambda_fields(message: &str) -> Lambda {
    let mut fields = Vec::new();
    let Some((kind, rest)) = message.split_once(" RequestId: ") else { return fields };
    let Some(kind) = TYPES.iter().find(|known| **known == kind) else { return fields };
    let mut parts = rest.trim_end().split('\t').map(str::trim);
    let id = parts.next().and_then(|part| part.split_whitespace().next());
    let Some(id) = id else { return fields };
    fields.push(("@type", (*kind).to_owned()));
    fields.push(("@requestId", id.to_owned()));
    for part in parts.flat_map(|part| part.split('\n')) {
        let found = LABELS.iter().find_map(|(label, name, factor)| {
            Some((part.strip_prefix(label)?.split_whitespace().next()?, name, factor))
        });
        let Some((text, name, factor)) = found else { continue };
        let scaled = text.parse::<f64>().ok().filter(|_| *factor > 1.0);
        let text = scaled.map_or(text.to_owned(), |number| format!("{}", number * factor));
        fields.push((name, text));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_its_numbers() {
        let line = "REPORT RequestId: 6f-1\tDuration: 12.5 ms\tBilled Duration: 13 ms\t\
                    Memory Size: 128 MB\tMax Memory Used: 66 MB\t\nXRAY TraceId: 1-5\tSegmentId: 2";
        let expected = [
            ("@type", "REPORT"),
            ("@requestId", "6f-1"),
            ("@duration", "12.5"),
            ("@billedDuration", "13"),
            ("@memorySize", "128000000"),
            ("@maxMemoryUsed", "66000000"),
            ("@xrayTraceId", "1-5"),
        ];
        assert_eq!(lambda_fields(line), expected.map(|(name, text)| (name, text.to_owned())));
        assert_eq!(lambda_fields("START RequestId: 7 Version: 1").len(), 2);
        assert_eq!(lambda_fields("RESTART RequestId: 7").len(), 0);
    }
}
