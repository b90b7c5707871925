//! How large the tables of the managed catalogue are.

use super::catalogue::TABLES;
use super::keywords::Keywords;
use super::prefix::{Prefixes, Runs};
use super::tables::{Bound, Free, Tables, Walks};

/// Bytes of the tables that all policies share: automata, keywords, prefixes. They are part of the
/// program and not allocated; the lists of words for `Name` and `Address` are not among them.
/// Cost: a sum over a few hundred slices.
pub fn tables_bytes() -> usize {
    let Tables { keywords, bound, addresses, free, mailboxes, blocks, recognizers } = &TABLES;
    let Bound { walks, first, prefixes, .. } = bound;
    let Free { walks: free, shapes } = free;
    let all_walks: usize = walks.iter().chain([addresses, free]).map(of_walks).sum();
    let of_shapes: usize = shapes.iter().map(|(_, shape)| size_of_val(*shape)).sum();
    let of_mailboxes = mailboxes.iter().map(|it| of_walks(&it.walks) + size_of_val(it.before));
    let of_blocks = blocks.iter().map(|block| size_of_val(block.shape));
    size_of::<Tables>()
        + of_keywords(keywords)
        + of_prefixes(prefixes)
        + size_of_val(*first)
        + size_of_val(*walks)
        + all_walks
        + size_of_val(*shapes)
        + of_shapes
        + size_of_val(*mailboxes)
        + of_mailboxes.sum::<usize>()
        + size_of_val(*blocks)
        + of_blocks.sum::<usize>()
        + size_of_val(*recognizers)
}

/// What `walks` refers to.
fn of_walks(walks: &Walks) -> usize {
    let walker = &walks.walker;
    let sets: usize = walker.sets.iter().map(|(_, patterns)| size_of_val(*patterns)).sum();
    size_of_val(walker.classes)
        + size_of_val(walker.rows)
        + size_of_val(walker.sets)
        + sets
        + size_of_val(walks.patterns)
}

fn of_keywords(keywords: &Keywords) -> usize {
    let Keywords { nodes, labels, targets, begins, sets, longest, folds, latin, forms, first } =
        keywords;
    let of_forms: usize = forms.iter().map(|form| size_of_val(form.bytes)).sum();
    size_of_val(*nodes)
        + size_of_val(*labels)
        + size_of_val(*targets)
        + size_of_val(*begins)
        + size_of_val(*sets)
        + size_of_val(*longest)
        + size_of_val(*folds)
        + size_of_val(*latin)
        + size_of_val(*forms)
        + of_forms
        + size_of_val(*first)
}

fn of_prefixes(prefixes: &Prefixes) -> usize {
    let Prefixes { indexes, sets, runs } = prefixes;
    let Runs { indexes: of_runs, sets: sets_of_runs, groups, .. } = runs;
    let walks: usize = sets.iter().map(|(_, walks)| size_of_val(*walks)).sum();
    size_of_val(*indexes)
        + size_of_val(*sets)
        + walks
        + size_of_val(*of_runs)
        + size_of_val(*sets_of_runs)
        + size_of_val(*groups)
}
