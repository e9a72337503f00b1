//! What comments say of a name.

use std::ops::ControlFlow;

use super::Inspector;
use crate::code::documentation::Documentation;
use crate::code::manual::manual;
use crate::code::names::Names;
use crate::code::resolver::Candidate;
use crate::code::source::{Path, Root};
use crate::syntax::{DeclarationId, ExpressionId, Origin};

impl Inspector<'_> {
    /// What a class says of its field.
    pub(super) fn field(&self, of: ExpressionId, name: &str) -> Option<Documentation> {
        let mut found = None;
        let of = self.resolver.current(of);
        self.resolver
            .each_field(&of, &mut |known, candidate| match candidate {
                Candidate::Documented(_, text) if known == name && !text.is_empty() => {
                    found = Some(Documentation {
                        text,
                        ..Documentation::default()
                    });
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            });
        found
    }

    /// What comments in the code so far say of a variable.
    pub(super) fn documentation_of(&self, path: &Path) -> Documentation {
        let source = &self.resolver.current;
        let mut comment = source.assigned_to(path).find_map(|found| found.comment);
        if let (Root::Local(id), []) = (&path.root, path.names.as_slice()) {
            comment = comment.or(source.tree.declaration(*id).comment);
        }
        if comment.is_some() {
            return source.documentation(comment);
        }
        let Root::Global(root) = &path.root else {
            return Documentation::default();
        };
        // A local of an earlier cell was declared under the same name there.
        for cell in self.names.cells() {
            let comment = cell.assigned_to(path).find_map(|found| found.comment);
            let declared = || {
                let found = cell.tree.declarations.iter().enumerate().rev();
                found
                    .filter(|(_, declared)| declared.scope.end == usize::MAX)
                    .find(|(_, declared)| declared.name(&cell.code) == root)
                    .and_then(|(id, declared)| match path.names.as_slice() {
                        [] => declared.comment,
                        names => {
                            let path = Path {
                                root: Root::Local(DeclarationId(id)),
                                names: names.to_vec(),
                            };
                            cell.assigned_to(&path).find_map(|found| found.comment)
                        }
                    })
            };
            if let Some(comment) = comment.or_else(declared) {
                return cell.documentation(Some(comment));
            }
        }
        let mut name = root.clone();
        for field in &path.names {
            name.push('.');
            name.push_str(field);
        }
        let entry = manual().entry(&name);
        entry.map_or_else(Documentation::default, |entry| entry.documentation)
    }

    /// What a function's comment says of its parameter.
    pub(super) fn parameter(&self, path: &Path) -> Option<String> {
        let source = &self.resolver.current;
        let (Root::Local(id), []) = (&path.root, path.names.as_slice()) else {
            return None;
        };
        let declaration = source.tree.declaration(*id);
        let Origin::Parameter(function) = declaration.origin else {
            return None;
        };
        let documentation = source.documentation(source.tree.function(function).comment);
        let parameter = documentation.parameter(declaration.name(&source.code))?;
        (!parameter.text.is_empty()).then(|| parameter.text.clone())
    }
}
