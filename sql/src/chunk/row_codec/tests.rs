use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringViewBuilder};
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, Int64Array, StringViewArray, StructArray};
use arrow_schema::{DataType, Field as ArrowField};

use super::RowCodec;
use crate::types::{Field, NamedField, SqlType};

fn fields() -> Vec<Field> {
    let row = [
        NamedField::new("x", Field::nullable(SqlType::BigInt)),
        NamedField::new("y", Field::nullable(SqlType::STRING)),
    ];
    vec![
        Field::nullable(SqlType::Int),
        Field::nullable(SqlType::STRING),
        Field::nullable(SqlType::Boolean),
        Field::nullable(SqlType::Row(row.into())),
        Field::nullable(SqlType::Array(Arc::new(Field::nullable(SqlType::Int)))),
        Field::nullable(SqlType::Map(
            Arc::new(Field::required(SqlType::STRING)),
            Arc::new(Field::nullable(SqlType::Int)),
        )),
    ]
}

fn columns() -> Vec<ArrayRef> {
    let DataType::Struct(inner) = fields()[3].data_type.arrow() else { unreachable!() };
    let rows = StructArray::new(
        inner,
        vec![
            Arc::new(Int64Array::from(vec![Some(1), None, Some(-3)])),
            Arc::new(StringViewArray::from(vec![
                None,
                Some("a text that is longer than twelve bytes"),
                Some(""),
            ])),
        ],
        Some(vec![true, true, false].into()),
    );
    let mut lists =
        ListBuilder::new(Int32Builder::new()).with_field(ArrowField::new("item", DataType::Int32, true));
    lists.append_value([Some(1), None, Some(3)]);
    lists.append_null();
    lists.append_value([]);
    let mut maps = MapBuilder::new(None, StringViewBuilder::new(), Int32Builder::new());
    maps.keys().append_value("one");
    maps.values().append_value(1);
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    maps.append(true).unwrap();
    let maps = maps.finish();
    let DataType::Map(entries, sorted) = fields()[5].data_type.arrow() else { unreachable!() };
    let DataType::Struct(inner) = entries.data_type() else { unreachable!() };
    let inner = StructArray::new(inner.clone(), maps.entries().columns().to_vec(), None);
    let maps =
        arrow_array::MapArray::new(entries, maps.offsets().clone(), inner, maps.nulls().cloned(), sorted);
    vec![
        Arc::new(Int32Array::from(vec![Some(7), None, Some(i32::MIN)])),
        Arc::new(StringViewArray::from(vec![Some(""), Some("Größe"), None])),
        Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        Arc::new(rows),
        Arc::new(lists.finish()),
        Arc::new(maps),
    ]
}

#[test]
fn rows_come_back_from_their_bytes() -> millstream_runtime::Result<()> {
    let codec = RowCodec::of(fields().iter());
    let encoded = codec.encode(&columns(), 3)?;
    let order = [2, 0, 1, 0];
    let rows: Vec<&[u8]> = order.iter().map(|row| encoded.get(*row)).collect();
    let decoded = codec.decode(&rows)?;
    for (index, (decoded, original)) in decoded.iter().zip(columns()).enumerate() {
        for (at, from) in order.iter().enumerate() {
            assert_eq!(*decoded.slice(at, 1), *original.slice(*from, 1), "column {index}, row {from}");
        }
    }
    Ok(())
}

#[test]
fn slices_of_columns_are_encoded_as_they_are() -> millstream_runtime::Result<()> {
    let codec = RowCodec::of(fields().iter());
    let whole = codec.encode(&columns(), 3)?;
    let sliced: Vec<ArrayRef> = columns().iter().map(|column| column.slice(1, 2)).collect();
    let sliced = codec.encode(&sliced, 2)?;
    assert_eq!((sliced.get(0), sliced.get(1)), (whole.get(1), whole.get(2)));
    Ok(())
}

/// Snapshots depend on the layout.
#[test]
fn the_layout_is_pinned() -> millstream_runtime::Result<()> {
    let fields = [Field::nullable(SqlType::Int), Field::nullable(SqlType::STRING)];
    let codec = RowCodec::of(fields.iter());
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int32Array::from(vec![None])), Arc::new(StringViewArray::from(vec!["Hi"]))];
    let encoded = codec.encode(&columns, 1)?;
    let expected = [[1, 0, 0, 0, 0, 0, 0, 0], [0; 8], [24, 0, 0, 0, 2, 0, 0, 0]].concat();
    assert_eq!(encoded.get(0), [expected, b"Hi".to_vec()].concat());
    Ok(())
}

#[test]
fn damaged_rows_are_an_error() -> millstream_runtime::Result<()> {
    let codec = RowCodec::of(fields().iter());
    let encoded = codec.encode(&columns(), 3)?;
    let row = encoded.get(0);
    for length in 0..row.len() {
        assert!(codec.decode(&[&row[..length]]).is_err(), "{length} of {} bytes", row.len());
    }
    Ok(())
}
