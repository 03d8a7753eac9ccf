//! What can be imported, and the names of columns that are well known. It does not know what stands
//! in a file.

/// The first half of a position.
pub(crate) const LATITUDE: &str = "latitude";
/// The second half of a position.
pub(crate) const LONGITUDE: &str = "longitude";
/// What the halves make.
pub(crate) const POSITION: &str = "position";
/// The field that a territory column fills.
pub(crate) const TERRITORY: &str = "territory";
/// What a column may say of the price of one base unit.
pub(crate) const PRICE: &str = "price";
/// The currency of that price.
pub(crate) const CURRENCY: &str = "currency";
/// The name of a tax class.
pub(crate) const TAX_CLASS: &str = "tax_class";

/// What an import makes records of.
pub(crate) struct ImportTarget {
    /// The object.
    pub(crate) object: &'static str,
    /// The field by which a row is known again.
    pub(crate) key: &'static str,
    /// Names of columns whose field has another name.
    pub(crate) aliases: &'static [(&'static str, &'static str)],
    /// What a column may hold that is no field for its cell to fill as it is.
    pub(crate) beside: &'static [&'static str],
    /// The field that is made of others where no column holds it.
    pub(crate) composed: Option<ComposedField>,
    /// Whether each record is sold, and so needs units, tax and a price.
    pub(crate) is_sold: bool,
}

/// A field that is made of others.
pub(crate) struct ComposedField {
    /// Its name.
    pub(crate) name: &'static str,
    /// The fields that it is made of, before the key.
    pub(crate) parts: &'static [&'static str],
}

pub(crate) const ACCOUNTS: ImportTarget = ImportTarget {
    object: "account",
    key: "code",
    aliases: &[
        ("store_no", "code"),
        ("state", "region"),
        ("zip", "postal_code"),
        ("opened", "opened_on"),
        ("lat", LATITUDE),
        ("lon", LONGITUDE),
        ("lng", LONGITUDE),
    ],
    beside: &[],
    composed: Some(ComposedField {
        name: "name",
        parts: &["type", "city"],
    }),
    is_sold: false,
};

pub(crate) const PRODUCTS: ImportTarget = ImportTarget {
    object: "product",
    key: "gtin",
    aliases: &[
        ("ean", "gtin"),
        ("upc", "gtin"),
        ("barcode", "gtin"),
        ("unit", "base_unit"),
        ("uom", "base_unit"),
        ("list_price", PRICE),
        ("unit_price", PRICE),
        ("tax", TAX_CLASS),
    ],
    beside: &[PRICE, CURRENCY, TAX_CLASS],
    composed: None,
    is_sold: true,
};
