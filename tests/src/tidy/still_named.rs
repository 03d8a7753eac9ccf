//! What is still named outside the rules, as data. The list only shrinks: a name that a file no
//! longer needs is taken off, and the ceiling falls with it.

use super::objects::StillNamed;

/// How many names the list holds; it only falls.
pub const CEILING: usize = 38;

/// File, names, and the step after which it need not name them.
pub const STILL_NAMED: &[StillNamed] = &[
    StillNamed {
        file: "core/src/app/ask.rs",
        names: &["rules::party", "territory"],
        next: "authors are a question too; `territory` is an input of the question of figures",
    },
    StillNamed {
        file: "core/src/app/rewrite.rs",
        names: &["rules::conflict"],
        next: "one place of decision resolves conflicts for phone and server",
    },
    StillNamed {
        file: "core/src/app/sell.rs",
        names: &["rules::sell"],
        next: "the price book that a device keeps is asked by name, as questions are",
    },
    StillNamed {
        file: "core/src/domain/decide.rs",
        names: &["rules::conflict"],
        next: "one place of decision resolves conflicts for phone and server",
    },
    StillNamed {
        file: "sync-server/src/office/admin.rs",
        names: &["visit_template", "territory", "user"],
        next: "standard records and people are said by data",
    },
    StillNamed {
        file: "sync-server/src/office/devices.rs",
        names: &["device"],
        next: "a descriptor says which object is a device",
    },
    StillNamed {
        file: "sync-server/src/office/standard.rs",
        names: &["order_policy"],
        next: "standard records are said by data",
    },
    StillNamed {
        file: "sync-server/src/people/reach.rs",
        names: &["territory"],
        next: "a descriptor says which object makes territories",
    },
    StillNamed {
        file: "sync-server/src/work/authors.rs",
        names: &["actor"],
        next: "a descriptor says which object is a writer of changes",
    },
    StillNamed {
        file: "sync-server/cli/src/rep/order.rs",
        names: &["account", "visit", "product", "sales_order"],
        next: "commands for a rep are made from verbs, as for a custom object",
    },
    StillNamed {
        file: "sync-server/cli/src/rep/order_view.rs",
        names: &["promotion"],
        next: "questions hand out what a terminal prints",
    },
    StillNamed {
        file: "sync-server/src/office/questions.rs",
        names: &["rules::sell"],
        next: "the price book that a server keeps is asked by name, as questions are",
    },
    StillNamed {
        file: "sync-server/src/people/tokens.rs",
        names: &["user"],
        next: "a descriptor says which object is a person",
    },
    StillNamed {
        file: "sync-server/src/sync/claim.rs",
        names: &["rules::conflict"],
        next: "one place of decision resolves conflicts for phone and server",
    },
    StillNamed {
        file: "sync-server/src/work/apply.rs",
        names: &["rules::conflict"],
        next: "one place of decision resolves conflicts",
    },
    StillNamed {
        file: "sync-server/src/work/write_row.rs",
        names: &["user"],
        next: "data says who is a person",
    },
    StillNamed {
        file: "sync-server/cli/src/office/import/product_import.rs",
        names: &["rules::sell", "price_list", "product"],
        next: "columns of a table are said by data, as the import of any object",
    },
    StillNamed {
        file: "sync-server/cli/src/office/import/batches.rs",
        names: &["price_entry"],
        next: "columns of a table are said by data, as the import of any object",
    },
    StillNamed {
        file: "sync-server/cli/src/office/import/target.rs",
        names: &["territory", "tax_class", "account", "product"],
        next: "columns of a table are said by data, as the import of any object",
    },
    StillNamed {
        file: "sync-server/cli/src/office/people.rs",
        names: &["territory"],
        next: "the office adds any object by one command",
    },
    StillNamed {
        file: "sync-server/cli/src/office/records.rs",
        names: &["territory"],
        next: "the office adds any object by one command",
    },
    StillNamed {
        file: "sync-server/cli/src/render/figures.rs",
        names: &["territory"],
        next: "questions hand out what a terminal prints",
    },
    StillNamed {
        file: "sync-server/cli/src/rep/record.rs",
        names: &["contact", "account", "visit"],
        next: "commands for a rep are made from verbs, as for a custom object",
    },
    StillNamed {
        file: "sync-server/cli/src/rep/visit.rs",
        names: &["account", "visit"],
        next: "commands for a rep are made from verbs, as for a custom object",
    },
];
