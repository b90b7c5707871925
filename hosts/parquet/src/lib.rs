//! Writes the records of vended-log deliveries as Parquet files, for destinations of the output
//! format `parquet`.
//!
//! ```
//! fn prepare(engine: &logveil::Engine) {
//!     engine.encode_parquet_with(std::sync::Arc::new(logveil_parquet::encode));
//! }
//! ```

#![deny(unsafe_code)]
#![warn(missing_docs)]

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// Makes a Parquet file: a required column of text for each name, a row for each of `rows`, one
/// row group, Snappy. `None` when the columns are none or a row has another number of values.
// Choice: every column is text, as AWS does not publish the types.
pub fn encode(columns: &[String], rows: &[Vec<String>]) -> Option<Vec<u8>> {
    let even = rows.iter().all(|row| row.len() == columns.len());
    if columns.is_empty() || !even {
        return None;
    }
    write(columns, rows).ok()
}

fn write(columns: &[String], rows: &[Vec<String>]) -> Result<Vec<u8>> {
    let column = |name: &String| {
        let text = Type::primitive_type_builder(name, Physical::BYTE_ARRAY);
        let text = text.with_logical_type(Some(LogicalType::String));
        text.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
    };
    let fields = columns.iter().map(column).collect::<Result<_>>()?;
    let schema = Arc::new(Type::group_type_builder("record").with_fields(fields).build()?);
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    let mut number = 0;
    while let Some(mut column) = group.next_column()? {
        let of_row =
            |row: &Vec<String>| ByteArray::from(row.get(number).map_or("", String::as_str));
        let values: Vec<ByteArray> = rows.iter().map(of_row).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        column.close()?;
        number += 1;
    }
    group.close()?;
    file.into_inner()
}
