//! The functions of the language: their names and how many arguments each takes.

use super::syntax::AggregateKind;
use crate::limits::QUERY_CASE_BRANCHES_MAX;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Function {
    // Numbers.
    Abs,
    Ceil,
    Floor,
    Greatest,
    Least,
    Log,
    Round,
    Sqrt,
    Haversine,
    ToNumber,
    ToInt,
    // Times.
    FromMillis,
    ToMillis,
    Now,
    ParseDate,
    FormatDate,
    // General.
    IsPresent,
    Coalesce,
    Case,
    If,
    IsNumeric,
    MessageSize,
    QueryStartTime,
    QueryEndTime,
    QueryTimeRange,
    // JSON.
    JsonParse,
    JsonStringify,
    JsonArraySize,
    JsonArrayContains,
    // Addresses.
    IsValidIp,
    IsValidIpV4,
    IsValidIpV6,
    IsIpInSubnet,
    IsIpv4InSubnet,
    IsIpv6InSubnet,
    Ipv4ToNumber,
    IsPrivateIp,
    IsPublicIp,
    IsReservedIp,
    // Texts.
    IsEmpty,
    IsBlank,
    Concat,
    Ltrim,
    Rtrim,
    Trim,
    Strlen,
    ToUpper,
    ToLower,
    Substr,
    Replace,
    StrContains,
    StartsWith,
    EndsWith,
    UrlEncode,
    UrlDecode,
    Base64Encode,
    Base64Decode,
    Split,
    HexToAscii,
    HexToDec,
    DecToHex,
}

/// Any number of arguments: as many as a query has room for.
const MANY: usize = usize::MAX;

/// Names without `_` and in lower case, and the least and the most arguments.
const FUNCTIONS: [(&str, Function, usize, usize); 66] = [
    ("abs", Function::Abs, 1, 1),
    ("ceil", Function::Ceil, 1, 1),
    ("floor", Function::Floor, 1, 1),
    ("greatest", Function::Greatest, 1, MANY),
    ("least", Function::Least, 1, MANY),
    ("log", Function::Log, 1, 1),
    ("round", Function::Round, 1, 2),
    ("sqrt", Function::Sqrt, 1, 1),
    ("haversine", Function::Haversine, 4, 4),
    ("tonumber", Function::ToNumber, 1, 1),
    ("todouble", Function::ToNumber, 1, 1),
    ("toint", Function::ToInt, 1, 1),
    ("tolong", Function::ToInt, 1, 1),
    ("frommillis", Function::FromMillis, 1, 1),
    ("tomillis", Function::ToMillis, 1, 1),
    ("now", Function::Now, 0, 0),
    ("parsedate", Function::ParseDate, 2, 3),
    ("formatdate", Function::FormatDate, 2, 3),
    ("strftime", Function::FormatDate, 2, 3),
    ("ispresent", Function::IsPresent, 1, 1),
    ("coalesce", Function::Coalesce, 1, MANY),
    ("case", Function::Case, 2, 2 * QUERY_CASE_BRANCHES_MAX + 1),
    ("if", Function::If, 2, 3),
    ("isnumeric", Function::IsNumeric, 1, 1),
    ("messagesize", Function::MessageSize, 0, 0),
    ("querystarttime", Function::QueryStartTime, 0, 0),
    ("queryendtime", Function::QueryEndTime, 0, 0),
    ("querytimerange", Function::QueryTimeRange, 0, 0),
    ("jsonparse", Function::JsonParse, 1, 1),
    ("jsonstringify", Function::JsonStringify, 1, 1),
    ("jsonarraysize", Function::JsonArraySize, 1, 1),
    ("jsonarraycontains", Function::JsonArrayContains, 2, 2),
    ("isvalidip", Function::IsValidIp, 1, 1),
    ("isvalidipv4", Function::IsValidIpV4, 1, 1),
    ("isvalidipv6", Function::IsValidIpV6, 1, 1),
    ("isipinsubnet", Function::IsIpInSubnet, 2, 2),
    ("isipv4insubnet", Function::IsIpv4InSubnet, 2, 2),
    ("isipv6insubnet", Function::IsIpv6InSubnet, 2, 2),
    ("ipv4tonumber", Function::Ipv4ToNumber, 1, 1),
    ("isprivateip", Function::IsPrivateIp, 1, 1),
    ("ispublicip", Function::IsPublicIp, 1, 1),
    ("isreservedip", Function::IsReservedIp, 1, 1),
    ("isempty", Function::IsEmpty, 1, 1),
    ("isblank", Function::IsBlank, 1, 1),
    ("concat", Function::Concat, 1, MANY),
    ("ltrim", Function::Ltrim, 1, 2),
    ("rtrim", Function::Rtrim, 1, 2),
    ("trim", Function::Trim, 1, 2),
    ("strlen", Function::Strlen, 1, 1),
    ("toupper", Function::ToUpper, 1, 1),
    ("tolower", Function::ToLower, 1, 1),
    ("substr", Function::Substr, 2, 3),
    ("replace", Function::Replace, 3, 3),
    ("strcontains", Function::StrContains, 2, 3),
    ("startswith", Function::StartsWith, 2, 2),
    ("endswith", Function::EndsWith, 2, 2),
    ("urlencode", Function::UrlEncode, 1, 1),
    ("urldecode", Function::UrlDecode, 1, 1),
    ("base64encode", Function::Base64Encode, 1, 1),
    ("base64decode", Function::Base64Decode, 1, 1),
    ("split", Function::Split, 2, 2),
    ("hextoascii", Function::HexToAscii, 1, 1),
    ("hextodec", Function::HexToDec, 1, 1),
    ("dectohex", Function::DecToHex, 1, 1),
    ("upper", Function::ToUpper, 1, 1),
    ("lower", Function::ToLower, 1, 1),
];

const AGGREGATES: [(&str, AggregateKind); 13] = [
    ("count", AggregateKind::Count),
    ("countdistinct", AggregateKind::CountDistinct),
    ("sum", AggregateKind::Sum),
    ("avg", AggregateKind::Avg),
    ("min", AggregateKind::Min),
    ("max", AggregateKind::Max),
    ("pct", AggregateKind::Pct(0.0)),
    ("stddev", AggregateKind::Stddev),
    ("variance", AggregateKind::Variance),
    ("earliest", AggregateKind::Earliest),
    ("latest", AggregateKind::Latest),
    ("sortsfirst", AggregateKind::SortsFirst),
    ("sortslast", AggregateKind::SortsLast),
];

/// A name as the tables have it.
// Choice: functions are known in any case, and with or without `_`, as AWS writes some both ways.
pub(super) fn plain(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

/// A function and the least and the most arguments that it takes.
pub(super) fn function(plain: &str) -> Option<(Function, usize, usize)> {
    let found = FUNCTIONS.iter().find(|(name, ..)| *name == plain);
    found.map(|(_, function, least, most)| (*function, *least, *most))
}

pub(super) fn aggregate(plain: &str) -> Option<AggregateKind> {
    AGGREGATES.iter().find(|(name, _)| *name == plain).map(|(_, kind)| *kind)
}
