"""What columns of orders are likely to be called, in shops that nobody has seen yet."""

from __future__ import annotations

from typing import Final

# What the name of a column suggests, the most telling first; compared as plain names.
LIKELY_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("email", r"e?mail|דואל|אימייל|מייל|correo"),
    ("phone", r"phone|mobile|cell(?:ular)?$|tel(?:efono)?$|telephone|טלפון|נייד"),
    ("refund_of", r"refundof|originalorder|זיכויעבור"),
    ("refunded", r"refund|returned(?:amount|value)|זוכה|זיכוי|החזר"),
    ("cancelled_at", r"cancell?ed(?:at|on|date)|תאריךביטול"),
    ("updated_at", r"updated|modified|lastchange|עודכן"),
    (
        "order_id",
        r"^(?:order|purchase|invoice|receipt|sale|transaction|checkout)s?(?:id|no|nr|num(?:ber)?|name|ref|code)?$",
    ),
    ("order_id", r"^id$|^(?:document|ticket|bill)(?:no|number|id)$|מספר(?:ה?הזמנה|חשבונית|קבלה|עסקה)|^הזמנה$|^pedido$"),
    ("ordered_at", r"(?:order|purchase|sale|created|paid|payment|transaction|invoice|bill).*(?:date|at|on|day|time)$"),
    ("order_id", r"^ref(?:erence)?(?:no|number)?$"),
    ("ordered_at", r"^date|^datum|datetime|תאריך|fecha"),
    ("time", r"^(?:time|hour|שעה|hora)$"),
    ("sku", r"sku|article|barcode|ean|upc|(?:product|item|variant)(?:id|code|no|number)|מקט|ברקוד|קודפריט"),
    ("product", r"product|item(?:name|title|description)?$|^title$|^description$|lineitem|מוצר|פריט|תיאור|producto"),
    ("category", r"categor|department|collection|קטגוריה|מחלקה"),
    ("quantity", r"qty|quantit|^units$|pieces|items?sold|כמות|יחידות|cantidad"),
    (
        "shipping",
        r"(?:shipping|delivery)(?:cost|price|total|fee|charge|amount|rate)?$|shippingandhandling|postage|freight|משלוח|envio",
    ),
    ("tax", r"tax|vat|gst|מעמ|iva"),
    ("discount", r"discount|coupon(?:amount|value)|הנחה|descuento"),
    ("unit_price", r"(?:unit|item|each|single).*price|^price|pricepaid|מחיר|precio"),
    ("line_total", r"line.*(?:total|amount)|(?:item|row).*(?:total|amount)|extended|סהכשורה"),
    (
        "total",
        r"(?:grand|order|sale)total|totalprice|^total|amount(?:paid)?$|^gross|revenue|netsales|סהכ|לתשלום|^importe",
    ),
    ("currency", r"currency|מטבע|moneda"),
    ("status", r"status|state$|סטטוס|מצב|estado"),
    ("customer_id", r"(?:customer|client|buyer|member|user)s?(?:id|no|number|code)|מספר(?:לקוח|חבר)"),
    ("first_name", r"first.*name|givenname|שםפרטי"),
    ("last_name", r"last.*name|surname|familyname|שםמשפחה"),
    ("name", r"(?:customer|client|buyer|billing|billto|full|recipient|contact).*name|^name$|^customer$|^buyer$"),
    ("name", r"שםלקוח|שםמלא|^לקוח$|nombre"),
)
