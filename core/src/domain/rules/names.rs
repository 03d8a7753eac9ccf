//! Names of built-in objects and of the fields that several rules read, each once.
//! It does not know what they mean: descriptors do.

/// The object `account`.
pub const ACCOUNT: &str = "account";
/// The object `actor`.
pub const ACTOR: &str = "actor";
/// The object `assortment`.
pub const ASSORTMENT: &str = "assortment";
/// The object `company`.
pub const COMPANY: &str = "company";
/// The object `conflict_resolution`.
pub const CONFLICT_RESOLUTION: &str = "conflict_resolution";
/// The object `contact`.
pub const CONTACT: &str = "contact";
/// The object `credit_figure`.
pub const CREDIT_FIGURE: &str = "credit_figure";
/// The object `device`.
pub const DEVICE: &str = "device";
/// The object `fee`.
pub const FEE: &str = "fee";
/// The object `flag`.
pub const FLAG: &str = "flag";
/// The object `follow_up`.
pub const FOLLOW_UP: &str = "follow_up";
/// The object `inventory_check`.
pub const INVENTORY_CHECK: &str = "inventory_check";
/// The object `order_approval`.
pub const ORDER_APPROVAL: &str = "order_approval";
/// The object `order_policy`.
pub const ORDER_POLICY: &str = "order_policy";
/// The object `order_standing`.
pub const ORDER_STANDING: &str = "order_standing";
/// The object `order_verdict`.
pub const ORDER_VERDICT: &str = "order_verdict";
/// The object `perfect_store`.
pub const PERFECT_STORE: &str = "perfect_store";
/// The object `photo`.
pub const PHOTO: &str = "photo";
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
/// The object `store_code`.
pub const STORE_CODE: &str = "store_code";
/// The object `tax_class`.
pub const TAX_CLASS: &str = "tax_class";
/// The object `territory`.
pub const TERRITORY: &str = "territory";
/// The object `user`.
pub const USER: &str = "user";
/// The object `user_role`.
pub const USER_ROLE: &str = "user_role";
/// The object `visit`.
pub const VISIT: &str = "visit";
/// The object `visit_template`.
pub const VISIT_TEMPLATE: &str = "visit_template";

/// The lines of a visit and of its template that hold the actions.
pub const ACTIONS: &str = "actions";
/// The lines of a visit and of its template that hold the questions of surveys.
pub const QUESTIONS: &str = "questions";
/// The kind of an action that asks questions.
pub const SURVEY: &str = "survey";
/// The kind of an action that counts a shelf.
pub const SHELF_COUNT: &str = "shelf_count";
/// The kind of an action that notes prices.
pub const PRICE_CHECK: &str = "price_check";
/// The kind of an action that takes a photo.
pub const PHOTO_ACTION: &str = "photo";
/// The kind of an action that takes an order.
pub const ORDER_ACTION: &str = "order";
/// The state of an action that nobody has done.
pub const TO_DO: &str = "to_do";
/// The state of an action that is done.
pub const DONE: &str = "done";
/// The state of a visit that nobody has begun.
pub const PLANNED: &str = "planned";
/// The state of a visit that is being made.
pub const IN_PROGRESS: &str = "in_progress";
/// The lines of an inventory check that hold the counts.
pub const COUNTS: &str = "counts";
/// The state of an inventory check that has ended.
pub const FINISHED: &str = "finished";
/// The lines of an order.
pub const LINES: &str = "lines";
/// The lines of an order's verdict that are no goods: containers, deposits, fees.
pub const CHARGES: &str = "charges";
/// The lines of a tax class: its rates from later days on.
pub const TAX_RATES: &str = "rates";
/// The lines of a tax class: several taxes in place of its one rate.
pub const TAX_PARTS: &str = "parts";
/// The state of an order that was handed in.
pub const SUBMITTED: &str = "submitted";
/// The state of an order that was called off.
pub const CANCELLED: &str = "cancelled";
