//! Names of built-in objects and of the fields that several rules read, each once.
//! It does not know what they mean: descriptors do.

/// The object `account`.
pub const ACCOUNT: &str = "account";
/// The object `actor`.
pub const ACTOR: &str = "actor";
/// The object `assortment`.
pub const ASSORTMENT: &str = "assortment";
/// The object `conflict_resolution`.
pub const CONFLICT_RESOLUTION: &str = "conflict_resolution";
/// The object `contact`.
pub const CONTACT: &str = "contact";
/// The object `credit_figure`.
pub const CREDIT_FIGURE: &str = "credit_figure";
/// The object `device`.
pub const DEVICE: &str = "device";
/// The object `follow_up`.
pub const FOLLOW_UP: &str = "follow_up";
/// The object `inventory_check`.
pub const INVENTORY_CHECK: &str = "inventory_check";
/// The object `order_policy`.
pub const ORDER_POLICY: &str = "order_policy";
/// The object `order_verdict`.
pub const ORDER_VERDICT: &str = "order_verdict";
/// The object `perfect_store`.
pub const PERFECT_STORE: &str = "perfect_store";
/// The object `price_entry`.
pub const PRICE_ENTRY: &str = "price_entry";
/// The object `price_list`.
pub const PRICE_LIST: &str = "price_list";
/// The object `product`.
pub const PRODUCT: &str = "product";
/// The object `promotion`.
pub const PROMOTION: &str = "promotion";
/// The object `sales_order`.
pub const SALES_ORDER: &str = "sales_order";
/// The object `stock_figure`.
pub const STOCK_FIGURE: &str = "stock_figure";
/// The object `tax_class`.
pub const TAX_CLASS: &str = "tax_class";
/// The object `territory`.
pub const TERRITORY: &str = "territory";
/// The object `user`.
pub const USER: &str = "user";
/// The object `visit`.
pub const VISIT: &str = "visit";
/// The object `visit_template`.
pub const VISIT_TEMPLATE: &str = "visit_template";
