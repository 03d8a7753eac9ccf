//! Parses one source and notes what the checks ask about. The one file that knows `syn`; it takes
//! text, so that a test can plant a fault. It does not know what is wrong.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of syn grow with the language"
)]

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, FnArg, ImplItem, Item, Pat, Type, UseTree, Visibility};

use super::shapes::{Defined, Function, ImportedName, ScannedFile, WrittenPath, WrittenText};

/// Parses this source. It panics where the text is no Rust.
pub fn scan(path: &str, text: &str) -> ScannedFile {
    let tree = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut scanner = Scanner {
        found: ScannedFile {
            path: path.to_owned(),
            lines: text.lines().map(str::to_owned).collect(),
            only_declares: tree.items.iter().all(only_declares),
            items: tree.items.iter().filter_map(item_name).collect(),
            ..ScannedFile::default()
        },
        test: false,
        inside: Vec::new(),
    };
    scanner.visit_file(&tree);
    scanner.found
}

struct Scanner {
    found: ScannedFile,
    test: bool,
    inside: Vec<String>,
}

fn line_of(span: Span) -> usize {
    span.start().line
}

fn only_declares(item: &Item) -> bool {
    match item {
        Item::Use(_) | Item::ExternCrate(_) => true,
        Item::Mod(module) => module.content.is_none(),
        _ => false,
    }
}

/// The name of an item that others can import.
fn item_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn item_visibility(item: &Item) -> Option<&Visibility> {
    match item {
        Item::Const(item) => Some(&item.vis),
        Item::Enum(item) => Some(&item.vis),
        Item::Fn(item) => Some(&item.vis),
        Item::Static(item) => Some(&item.vis),
        Item::Struct(item) => Some(&item.vis),
        Item::Trait(item) => Some(&item.vis),
        Item::Type(item) => Some(&item.vis),
        Item::Union(item) => Some(&item.vis),
        _ => None,
    }
}

fn is_documented(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"))
}

/// Whether this is `#[cfg(test)]`, also among other conditions that must all hold.
fn is_test_only(attributes: &[Attribute]) -> bool {
    for attribute in attributes {
        if !attribute.path().is_ident("cfg") {
            continue;
        }
        let Ok(list) = attribute.meta.require_list() else {
            continue;
        };
        let condition = list.tokens.to_string();
        let negated = condition.contains("not") || condition.contains("any");
        let words = condition.split(|c: char| !c.is_alphanumeric() && c != '_');
        if !negated && words.into_iter().any(|word| word == "test") {
            return true;
        }
    }
    false
}

/// Whether a parameter is a tuple, by its pattern or by its type, also behind references.
fn is_tuple(parameter: &FnArg) -> bool {
    let FnArg::Typed(parameter) = parameter else {
        return false;
    };
    let mut pattern = &*parameter.pat;
    while let Pat::Reference(reference) = pattern {
        pattern = &reference.pat;
    }
    let mut kind = &*parameter.ty;
    loop {
        kind = match kind {
            Type::Reference(reference) => &reference.elem,
            Type::Paren(paren) => &paren.elem,
            Type::Group(group) => &group.elem,
            _ => break,
        };
    }
    let is_tuple_type = matches!(kind, Type::Tuple(tuple) if !tuple.elems.is_empty());
    is_tuple_type || matches!(pattern, Pat::Tuple(_))
}

/// The literal that an expression is, also behind references and owned by a method.
fn literal(expression: &Expr) -> Option<&syn::LitStr> {
    match expression {
        Expr::Lit(found) => match &found.lit {
            syn::Lit::Str(text) => Some(text),
            _ => None,
        },
        Expr::Reference(found) => literal(&found.expr),
        Expr::Paren(found) => literal(&found.expr),
        Expr::MethodCall(found) if found.args.is_empty() => literal(&found.receiver),
        _ => None,
    }
}

/// The last name of a path or of a field: what a reader calls the thing.
fn last_name(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(found) => found.path.segments.last().map(|s| s.ident.to_string()),
        Expr::Field(found) => match &found.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => None,
        },
        Expr::Reference(found) => last_name(&found.expr),
        Expr::Paren(found) => last_name(&found.expr),
        Expr::Unary(found) => last_name(&found.expr),
        Expr::MethodCall(found) => last_name(&found.receiver),
        _ => None,
    }
}

impl Scanner {
    fn path(&mut self, line: usize, path: Vec<String>) {
        if path.len() > 1 {
            self.found.paths.push(WrittenPath {
                line,
                path,
                test: self.test,
                inside: self.inside.clone(),
            });
        }
    }

    fn text(&mut self, line: usize, text: String, door: Option<String>) {
        self.found.texts.push(WrittenText {
            line,
            text,
            door,
            test: self.test,
        });
    }

    fn defined(&self, name: &syn::Ident) -> Defined {
        Defined {
            line: line_of(name.span()),
            name: name.to_string(),
            test: self.test,
        }
    }

    fn import(&mut self, line: usize, path: Vec<String>, name: &str) {
        self.found.imports.push(ImportedName {
            line,
            path,
            name: name.to_owned(),
            test: self.test,
            inside: self.inside.clone(),
        });
    }

    fn use_tree(&mut self, tree: &UseTree, before: &[String]) {
        let mut path = before.to_vec();
        match tree {
            UseTree::Path(found) => {
                path.push(found.ident.to_string());
                self.use_tree(&found.tree, &path);
            }
            UseTree::Name(found) => {
                let name = found.ident.to_string();
                if name != "self" {
                    path.push(name);
                }
                let name = path.last().cloned().unwrap_or_default();
                self.import(line_of(found.span()), path, &name);
            }
            UseTree::Rename(found) => {
                if found.ident != "self" {
                    path.push(found.ident.to_string());
                }
                self.import(line_of(found.span()), path, &found.rename.to_string());
            }
            UseTree::Glob(found) => self.import(line_of(found.span()), path, "*"),
            UseTree::Group(found) => {
                for tree in &found.items {
                    self.use_tree(tree, &path);
                }
            }
        }
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = line_of(signature.ident.span());
        let open = line_of(body.brace_token.span.open());
        let last = line_of(body.brace_token.span.close());
        let inner = self.found.lines.iter().take(last.saturating_sub(1));
        let body_lines = inner
            .skip(open)
            .map(|line| line.trim())
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .count();
        self.found.functions.push(Function {
            line: first,
            name: signature.ident.to_string(),
            lines: last + 1 - first,
            body_lines,
            parameters: signature.inputs.len(),
            tuple_parameters: signature.inputs.iter().filter(|p| is_tuple(p)).count(),
            test: self.test,
        });
    }

    fn published(&mut self, visibility: &Visibility, attributes: &[Attribute]) {
        if matches!(visibility, Visibility::Public(_)) && !self.test {
            self.found.public_items += 1;
            self.found.documented_items += usize::from(is_documented(attributes));
        }
    }

    /// A literal that is handed to a door is noted beside what the walk finds anyway.
    fn through_door(&mut self, door: &str, expression: &Expr) {
        if let Some(text) = literal(expression) {
            self.text(line_of(text.span()), text.value(), Some(door.to_owned()));
        }
    }

    /// Paths and, where they are of interest, literals in tokens that no grammar is known for.
    fn tokens(&mut self, stream: TokenStream, with_texts: bool) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream(), with_texts),
                TokenTree::Ident(first) => {
                    let mut path = vec![first.to_string()];
                    while let Some(TokenTree::Ident(next)) = tokens.get(at + 3)
                        && is_punct(tokens.get(at + 1), ':')
                        && is_punct(tokens.get(at + 2), ':')
                    {
                        path.push(next.to_string());
                        at += 3;
                    }
                    self.path(line_of(first.span()), path);
                }
                TokenTree::Literal(found) if with_texts => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&found.to_string()) {
                        let door = token_door(tokens.get(..at).unwrap_or_default());
                        self.text(line_of(found.span()), text.value(), door);
                    }
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => {}
            }
            at += 1;
        }
    }

    /// Does this with the mark of test code set, where the attributes say so.
    fn marked(&mut self, attributes: &[Attribute], span: Span, visit: impl FnOnce(&mut Self)) {
        let before = self.test;
        if !before && is_test_only(attributes) {
            self.test = true;
            let lines = span.start().line..=span.end().line;
            self.found.test_lines.push(lines);
        }
        visit(self);
        self.test = before;
    }
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == sign)
}

/// The door in front of a literal in a macro: `object ==`, `object:` or the key `"object":`.
fn token_door(before: &[TokenTree]) -> Option<String> {
    let mut words = before.iter().rev();
    let mut signs = String::new();
    let name = loop {
        match words.next()? {
            TokenTree::Punct(sign) if sign.as_char() == '&' => {}
            TokenTree::Punct(sign) => signs.insert(0, sign.as_char()),
            name => break name.to_string(),
        }
    };
    let is_sign = matches!(signs.as_str(), ":" | "==" | "!=");
    is_sign.then(|| format!("{}{signs}", name.trim_matches('"')))
}

impl<'ast> Visit<'ast> for Scanner {
    fn visit_item(&mut self, item: &'ast Item) {
        self.marked(item_attributes(item), item.span(), |scanner| {
            match item {
                Item::Struct(syn::ItemStruct { ident, .. })
                | Item::Enum(syn::ItemEnum { ident, .. })
                | Item::Union(syn::ItemUnion { ident, .. })
                | Item::Trait(syn::ItemTrait { ident, .. })
                | Item::Type(syn::ItemType { ident, .. }) => {
                    let defined = scanner.defined(ident);
                    scanner.found.types.push(defined);
                }
                Item::Use(found) => scanner.use_tree(&found.tree, &[]),
                Item::ExternCrate(found) => {
                    let name = found.ident.to_string();
                    let rename = found.rename.as_ref().map(|(_, name)| name.to_string());
                    let known = rename.unwrap_or_else(|| name.clone());
                    scanner.import(line_of(found.span()), vec![name], &known);
                }
                _ => {}
            }
            if let Some(visibility) = item_visibility(item) {
                scanner.published(visibility, item_attributes(item));
            }
            visit::visit_item(scanner, item);
        });
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            _ => &[],
        };
        self.marked(attributes, item.span(), |scanner| {
            visit::visit_impl_item(scanner, item);
        });
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_none() {
            let defined = self.defined(&module.ident);
            self.found.modules.push(defined);
        }
        self.inside.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.inside.pop();
    }

    fn visit_item_fn(&mut self, found: &'ast syn::ItemFn) {
        self.function(&found.sig, &found.block);
        visit::visit_item_fn(self, found);
    }

    fn visit_impl_item_fn(&mut self, found: &'ast syn::ImplItemFn) {
        self.function(&found.sig, &found.block);
        self.published(&found.vis, &found.attrs);
        visit::visit_impl_item_fn(self, found);
    }

    fn visit_trait_item_fn(&mut self, found: &'ast syn::TraitItemFn) {
        if let Some(body) = &found.default {
            self.function(&found.sig, body);
        } else if found.sig.inputs.iter().any(is_tuple) {
            let empty = syn::Block {
                brace_token: syn::token::Brace(found.sig.ident.span()),
                stmts: Vec::new(),
            };
            self.function(&found.sig, &empty);
        }
        visit::visit_trait_item_fn(self, found);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.path(line_of(path.span()), segments);
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), false);
        }
        self.visit_path(attribute.path());
    }

    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        self.visit_path(&found.path);
        self.tokens(found.tokens.clone(), true);
    }

    fn visit_lit_str(&mut self, found: &'ast syn::LitStr) {
        self.text(line_of(found.span()), found.value(), None);
    }

    fn visit_expr_closure(&mut self, found: &'ast syn::ExprClosure) {
        self.found.closures += usize::from(!self.test);
        visit::visit_expr_closure(self, found);
    }

    fn visit_expr_method_call(&mut self, found: &'ast syn::ExprMethodCall) {
        let method = found.method.to_string();
        if matches!(method.as_str(), "unwrap" | "expect") {
            self.found.unwraps += usize::from(!self.test);
        }
        let receiver = last_name(&found.receiver).unwrap_or_default();
        for argument in &found.args {
            self.through_door(&format!("{receiver}.{method}"), argument);
        }
        visit::visit_expr_method_call(self, found);
    }

    fn visit_expr_call(&mut self, found: &'ast syn::ExprCall) {
        let function = last_name(&found.func).unwrap_or_default();
        for argument in &found.args {
            self.through_door(&format!(".{function}"), argument);
        }
        visit::visit_expr_call(self, found);
    }

    fn visit_expr_binary(&mut self, found: &'ast syn::ExprBinary) {
        if matches!(found.op, syn::BinOp::Eq(_) | syn::BinOp::Ne(_)) {
            for (side, other) in [(&found.left, &found.right), (&found.right, &found.left)] {
                let door = format!("{}==", last_name(side).unwrap_or_default());
                self.through_door(&door, other);
            }
        }
        visit::visit_expr_binary(self, found);
    }

    fn visit_field_value(&mut self, found: &'ast syn::FieldValue) {
        if let syn::Member::Named(name) = &found.member {
            self.through_door(&format!("{name}:"), &found.expr);
        }
        visit::visit_field_value(self, found);
    }
}
