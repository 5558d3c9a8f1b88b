//! Columns, keys and watermarks of the statement that makes a table. Mistakes are texts, in Flink's words.

use crate::parser::ast::{
    AlterColumn, Column, ColumnKind, ColumnPosition, Constraint, CreateTable, ObjectName, SchemaElement,
    TableElement, Watermark,
};

/// What is wrong, or nothing.
type Checked = Result<(), String>;

pub(super) fn add(statement: &mut CreateTable, elements: &[SchemaElement]) -> Checked {
    for element in elements {
        match element {
            SchemaElement::Column(added) => {
                let name = name_of(&added.column.name)?;
                if place(statement, name).is_some() {
                    return Err(format!("Try to add a column `{name}` which already exists in the table."));
                }
                insert(statement, added)?;
            }
            SchemaElement::Constraint(constraint) => {
                if let Some(known) = primary_key(statement) {
                    return Err(format!(
                        "The current table has already defined the primary key constraint [{}]. You might want to drop it before adding \
                         a new one.",
                        joined(known)
                    ));
                }
                statement.elements.push(TableElement::Constraint(constraint.clone()));
            }
            SchemaElement::Watermark(watermark) => {
                if let Some(known) = watermark_of(statement) {
                    return Err(format!(
                        "The current table has already defined the watermark strategy {} AS {}. You might want to drop it before \
                         adding a new one.",
                        known.column, known.strategy
                    ));
                }
                statement.elements.push(TableElement::Watermark(watermark.clone()));
            }
            SchemaElement::Distribution(_) => return Err("DISTRIBUTED BY is not supported.".to_owned()),
        }
    }
    Ok(())
}

pub(super) fn modify(statement: &mut CreateTable, elements: &[SchemaElement]) -> Checked {
    for element in elements {
        match element {
            SchemaElement::Column(modified) => {
                let name = name_of(&modified.column.name)?;
                let Some(place) = place(statement, name) else {
                    return Err(format!("Column `{name}` does not exist in the table."));
                };
                // A comment that is not written anew stays.
                let mut column = modified.column.clone();
                if let Some(TableElement::Column(old)) = statement.elements.get(place)
                    && column.comment.is_none()
                {
                    column.comment.clone_from(&old.comment);
                }
                let modified = AlterColumn { column, position: modified.position.clone() };
                if modified.position.is_some() {
                    statement.elements.remove(place);
                    insert(statement, &modified)?;
                } else if let Some(old) = statement.elements.get_mut(place) {
                    *old = TableElement::Column(modified.column);
                }
            }
            SchemaElement::Constraint(constraint) => {
                if primary_key(statement).is_none() {
                    return Err("The current table does not define any primary key constraint. You might want to add a new one."
                        .to_owned());
                }
                drop_primary_key(statement, None)?;
                statement.elements.push(TableElement::Constraint(constraint.clone()));
            }
            SchemaElement::Watermark(watermark) => {
                let Some(place) = watermark_place(statement) else {
                    return Err(
                        "The current table does not define any watermark. You might want to add a new one."
                            .to_owned(),
                    );
                };
                if let Some(old) = statement.elements.get_mut(place) {
                    *old = TableElement::Watermark(watermark.clone());
                }
            }
            SchemaElement::Distribution(_) => return Err("DISTRIBUTED BY is not supported.".to_owned()),
        }
    }
    Ok(())
}

pub(super) fn drop_columns(statement: &mut CreateTable, names: &[ObjectName]) -> Checked {
    for name in names {
        let name = name_of(name)?;
        let Some(place) = place(statement, name) else {
            return Err(format!("The column `{name}` does not exist in the base table."));
        };
        check_unreferenced(statement, name)?;
        if primary_key(statement).is_some_and(|key| key.columns.iter().any(|column| column.name == name)) {
            return Err(format!("The column `{name}` is used as the primary key."));
        }
        if statement.partitioned_by.iter().any(|column| column.name == name) {
            return Err(format!("The column `{name}` is used as the partition keys."));
        }
        statement.elements.remove(place);
    }
    Ok(())
}

pub(super) fn rename_column(statement: &mut CreateTable, from: &ObjectName, to: &ObjectName) -> Checked {
    let (old, new) = (name_of(from)?, name_of(to)?);
    let Some(place) = place(statement, old) else {
        return Err(format!("The column `{old}` does not exist in the base table."));
    };
    if self::place(statement, new).is_some() {
        return Err(format!("The column `{new}` already existed in table schema."));
    }
    if statement.partitioned_by.iter().any(|column| column.name == old) {
        return Err(format!("The column `{old}` is used as the partition keys."));
    }
    check_unreferenced(statement, old)?;
    for (index, element) in statement.elements.iter_mut().enumerate() {
        match element {
            TableElement::Column(column) if index == place => column.name = to.clone(),
            TableElement::Constraint(constraint) => {
                constraint.columns.iter_mut().filter(|column| column.name == old).for_each(|column| {
                    new.clone_into(&mut column.name);
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether no expression of the table reads a column.
fn check_unreferenced(statement: &CreateTable, name: &str) -> Checked {
    for element in &statement.elements {
        match element {
            TableElement::Column(Column {
                name: computed, kind: ColumnKind::Computed(expression), ..
            }) if reads(&expression.to_string(), name) => {
                let computed = name_of(computed)?;
                return Err(format!("The column `{name}` is referenced by computed column `{computed}`."));
            }
            TableElement::Watermark(watermark)
                if matches!(watermark.column.parts.as_slice(), [only] if only.name == name)
                    || reads(&watermark.strategy.to_string(), name) =>
            {
                return Err(format!("The column `{name}` is referenced by watermark expression."));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the canonical text of an expression has this name in it, outside of texts.
fn reads(expression: &str, name: &str) -> bool {
    // Every second part is a text in quotes.
    expression.split('\'').step_by(2).any(|part| {
        part.split(|character: char| !(character.is_alphanumeric() || character == '_' || character == '$'))
            .any(|word| word == name)
            || part.contains(&format!("`{}`", name.replace('`', "``")))
    })
}

/// Without a name, whatever the key is called.
pub(super) fn drop_primary_key(statement: &mut CreateTable, name: Option<&str>) -> Checked {
    let Some(key) = primary_key(statement) else {
        return Err("The current table does not define any primary key.".to_owned());
    };
    let known = key.name.as_ref().map_or("", |name| &name.name);
    if let Some(name) = name.filter(|name| *name != known) {
        return Err(format!(
            "The current table does not define a primary key constraint named '{name}'. Available constraint name: ['{known}']."
        ));
    }
    statement.elements.retain(|element| !matches!(element, TableElement::Constraint(_)));
    Ok(())
}

pub(super) fn drop_watermark(statement: &mut CreateTable) -> Checked {
    let Some(place) = watermark_place(statement) else {
        return Err("The current table does not define any watermark strategy.".to_owned());
    };
    statement.elements.remove(place);
    Ok(())
}

/// Puts a column where it says; without a place, behind all others.
fn insert(statement: &mut CreateTable, added: &AlterColumn) -> Checked {
    let columns = statement.elements.iter().take_while(|element| matches!(element, TableElement::Column(_)));
    let place = match &added.position {
        None => columns.count(),
        Some(ColumnPosition::First) => 0,
        Some(ColumnPosition::After(name)) => {
            let name = name_of(name)?;
            let Some(place) = place(statement, name) else {
                return Err(format!("Referenced column `{name}` by 'AFTER' does not exist in the table."));
            };
            place + 1
        }
    };
    let mut column = added.column.clone();
    // The key of a column is that of the table.
    let constraint = match &mut column.kind {
        ColumnKind::Physical { constraint, .. } => constraint.take(),
        _ => None,
    };
    if let Some(constraint) = constraint {
        let columns = column.name.parts.clone();
        statement.elements.push(TableElement::Constraint(Constraint { columns, ..constraint }));
    }
    statement.elements.insert(place, TableElement::Column(column));
    Ok(())
}

fn name_of(name: &ObjectName) -> Result<&str, String> {
    match name.parts.as_slice() {
        [only] => Ok(&only.name),
        _ => Err(format!("Alter nested row type {name} is not supported yet.")),
    }
}

fn place(statement: &CreateTable, name: &str) -> Option<usize> {
    let is_named = |column: &Column| matches!(column.name.parts.as_slice(), [only] if only.name == name);
    statement
        .elements
        .iter()
        .position(|element| matches!(element, TableElement::Column(column) if is_named(column)))
}

fn primary_key(statement: &CreateTable) -> Option<&Constraint> {
    statement.elements.iter().find_map(|element| match element {
        TableElement::Constraint(constraint) => Some(constraint),
        _ => None,
    })
}

fn watermark_of(statement: &CreateTable) -> Option<&Watermark> {
    statement.elements.iter().find_map(|element| match element {
        TableElement::Watermark(watermark) => Some(watermark),
        _ => None,
    })
}

fn watermark_place(statement: &CreateTable) -> Option<usize> {
    statement.elements.iter().position(|element| matches!(element, TableElement::Watermark(_)))
}

fn joined(constraint: &Constraint) -> String {
    constraint.columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ")
}
