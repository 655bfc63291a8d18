"""What columns of orders are likely to be called, in shops that nobody has seen yet."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from retainctl.intake.cells import plain_name

# What the name of a column suggests, the most telling first; compared as ``folded`` names. In English, German, French,
# Polish, Spanish, Italian, Portuguese, Dutch, Russian and Hebrew.
LIKELY_NAMES: Final[tuple[tuple[str, str], ...]] = (
    ("email", r"e?mail|courriel|correo|почта|דואל|אימייל|מייל"),
    ("returned_quantity", r"(?:qty|quantit|units|pieces|aantal|menge|qte|ilosc).*(?:return|refund|retour|zwroc|zwrot)"),
    ("returned_quantity", r"(?:return|refund|retour).*(?:qty|quantit|units|pieces|menge|aantal)|כמותשהוחזרה|הוחזרו?$"),
    ("phone", r"phone|mobile|cell(?:ular)?$|^tel$|telef|^handy|^gsm|телефон|טלפון|נייד"),
    (
        "refund_of",
        r"refundof|original(?:order|invoice|receipt|document)|korygowan|stornozu|avoirde|(?:זיכוי|מסמך)(?:של|עבור|מקור)",
    ),
    (
        "refunded",
        r"(?:refund|rembours|reembols|rimbors|erstatt|возврат)(?!.*(?:id|no|number|date|reason|status)$)"
        r"|returned(?:amount|value)|zwrot|zwrocono|terugbetaald|devuelto|זוכה|זיכוי|החזר",
    ),
    ("cancelled_at", r"cancell?ed(?:at|on|date)?$|storniertam|annulele|תאריךביטול"),
    ("updated_at", r"updated|modified|lastchange|geandertam|modifie|עודכן"),
    (
        "order_id",
        r"^(?:order|purchase|invoice|receipt|sale|transaction|checkout)s?(?:id|no|nr|num(?:ber)?|name|ref|code)?$"
        r"|^(?:auftrags?|bestell?|bestellungs?|rechnungs?|beleg|bon|factuur|kassabon)(?:nr|nummer|id|no)$|^bestelling$"
        r"|^(?:n|no|num|numero|nr|numer|id)?(?:de|do|di|della|del|d)?(?:la)?"
        r"(?:commande|facture|ticket|folio|zamowieni[ae]|dokumentu|faktury|paragonu|pedido|orden|factura|ordine|fattura"
        r"|scontrino|encomenda|fatura)$"
        r"|^(?:номер|no|n)?(?:заказа?|документа|чека)$",
    ),
    (
        "order_id",
        r"^id$|^(?:document|ticket|bill)(?:no|number|id)$|^הזמנה$"
        r"|מס(?:פר)?(?:ה?הזמנה|ה?חשבונית|ה?קבלה|ה?עסקה|ה?מסמך|ה?תעודה|אסמכתא)",
    ),
    ("ordered_at", r"(?:order|purchase|sale|created|paid|payment|transaction|invoice|bill).*(?:date|at|on|day|time)$"),
    ("ordered_at", r"^(?:bestell|auftrags?|kauf|rechnungs?|beleg|besteld?|order|factuur)(?:datum|zeit|tijd)$"),
    (
        "ordered_at",
        r"^dat[ae](?:de?|della?|do)?(?:la)?(?:zamow|sprzed|wystaw|commande|pedido|compra|venta|ordine|venda)",
    ),
    ("order_id", r"^ref(?:erence)?(?:no|number)?$"),
    ("ordered_at", r"^date|^datum|datetime|^data$|^fecha|^дата|תאריך"),
    ("time", r"^(?:time|hour|uhrzeit|zeit|heure|godzina|hora|ora|orario|tijd|время|час|שעה)$"),
    (
        "sku",
        r"sku|^article$|barcode|^ean|ean(?:code|13)?$|upc|(?:product|item|variant|article)s?(?:id|code|no|nr|number)$"
        r"|^(?:artikel|art)(?:nr|nummer|no)$|^symbol$|^indeks$|kodtowaru|^refproduit$|codigo|codice(?!client)|артикул"
        r"|מקט|ברקוד|קוד(?:פריט|מוצר)",
    ),
    (
        "product",
        r"product|item(?:name|title|description)?$|^title$|^description$|lineitem|articlename|^artikel(?:name|text)?$|bezeichnung"
        r"|designation|libelle|^produkt|^produit|nazwa(?:towaru|produktu)?$|^towar|^articulo|prodotto|^produto"
        r"|omschrijving|наименование|товар|מוצר|פריט|תיאור",
    ),
    ("category", r"categor|kategor|department|collection|warengruppe|rayon|категория|קטגוריה|מחלקה"),
    (
        "quantity",
        r"qty|quantit|^qta$|^units$|pieces|^pcs$|^st(?:u?ck|k)$|^szt|unidades|^uds?$|^pezzi$|^pz$|^шт|"
        r"items?sold|^(?:no|number)(?:of)?(?:items|units|articles)$|^menge|^anzahl|stuckzahl"
        r"|^qte|^nb|^nombre(?:de|d)|ilosc|^liczba|cantidad|quantidade|^qtde?$|^aantal|колво|количество|כמות|יחידות",
    ),
    (
        "shipping",
        r"(?:shipping|delivery)(?:cost|price|total|fee|charged?|amount|rate)?$|shippingandhandling|postage|freight"
        r"|versand(?:kosten)?|^porto|frais(?:de)?(?:port|livraison|envoi)|^livraison|koszt(?:y)?(?:dostawy|wysylki)"
        r"|envio|spedizione|^frete|verzendkosten|доставк|משלוח",
    ),
    ("tax", r"tax|vat|gst|mwst|umsatzsteuer|^ust|^tva|donttva|podatek|btw|^iva|iva$|imposto|ндс|מעמ"),
    ("order_discount", r"(?:order|cart|basket).*discount|(?:auftrag|bestell).*rabatt|הנחת?ה?הזמנה|הנחתסל"),
    (
        "discount",
        r"discount|coupon(?:amount|value)|promo|voucher|gutschein|rabatt?|remise|reduction|znizka|descuento|sconto"
        r"|desconto|korting|скидк|הנחה",
    ),
    (
        "unit_price",
        r"(?:unit|item|each|single).*price|^price|pricepaid|einzelpreis|stuckpreis|^preis|prixunitaire|^prix|^cena"
        r"|^precio|preciounitario|^prezzo|^preco|precounitario|stukprijs|^prijs|^цена|(?<!סהכ)מחיר",
    ),
    (
        "line_total",
        r"line.*(?:total|amount)|(?:item|row).*(?:total|amount)|extended|(?:positions?|zeilen)(?:summe|betrag|total)"
        r"|(?:total|montant)(?:de)?(?:la)?ligne|wartoscpozycji|(?:importe|subtotal)(?:de)?(?:la)?linea|regeltotaal"
        r"|суммапозиции|סהכ(?:ל|ה)?שורה",
    ),
    (
        "total",
        r"(?:grand|order|sale)total|totalprice|^total|amount(?:paid)?$|^gross|revenue|netsales|^gesamt(?:summe|betrag|preis|total)?(?:brutto)?$|rechnungsbetrag"
        r"|endbetrag|montanttotal|^wartosc|doz?aplaty|^import[eo]|valortotal|итого|^суммазаказа|סהכ|לתשלום",
    ),
    ("currency", r"currency|^ccy$|^cur$|wahrung|^devise|waluta|valuta|moneda|moeda|валюта|מטבע"),
    (
        "status",
        r"status|state$|^etat|statut|^stan(?:$|plat|zamow|realiz)|^estado|^stato|situacao|статус|состояние|סטטוס|מצב",
    ),
    ("customer_id", r"(?:customer|client|buyer|member|user|kunden|klant)s?(?:id|no|nr|number|nummer|code)"),
    ("customer_id", r"(?:codice|codigo|code|kod)(?:del?)?(?:client|klient)"),
    ("customer_id", r"^(?:n|no|numero|numer|nr)(?:de|do|di|del)?(?:client|cliente|klienta)$|מס(?:פר)?ה?(?:לקוח|חבר)"),
    ("first_name", r"first.*name|givenname|vorname|prenom|^imie$|voornaam|^имя$|שםפרטי"),
    ("last_name", r"last.*name|surname|familyname|nachname|nomdefamille|nazwisko|apellido|cognome|achternaam|фамилия"),
    ("last_name", r"sobrenome|שםמשפחה"),
    ("name", r"(?:customer|client|buyer|billing|billto|full|recipient|contact).*name|^name$|^customer$|^buyer$"),
    ("name", r"^client$|^cliente$|^kunde$|kundenname|nabywca|^klient|acheteur|^klant|покупатель|клиент|nombre"),
    ("name", r"שםה?לקוח|שםמלא|^לקוח$"),
)
ORDER_NAMES: Final = re.compile(r"order|auftrag|bestell|commande|zamow|pedido|ordine|encomenda|заказ|הזמנה")
KIND_NAMES: Final = re.compile(
    r"^(?:(?:row|document|doc|transaction|sale|order|event|record|beleg|buchungs?)?(?:type|kind|typ|art|tipo))$"
    r"|^(?:rodzaj|typ|tipo|type)(?:dokumentu|zdarzenia|de(?:document|documento|vente|venta)|di(?:documento|vendita))?$"
    r"|^тип|^סוג(?:ה?מסמך|ה?תנועה|ה?עסקה|ה?שורה|ה?חשבונית)?$"
)
RATE_NAMES: Final = re.compile(
    r"%|percent|pct|prozent|procent|pourcent|porcentaje|percentuale|процент|אחוז"
    r"|(?:tax|vat|gst|discount).*rate|satz$|^taux|stawka|aliquota|ставка|שיעור",
    re.IGNORECASE,
)
_UNIVERSAL: Final = re.compile(r"utc|gmt|universal", re.IGNORECASE)
# "Price after discount", "prix remise": a price, whatever else its name has.
_PRICES: Final = re.compile(
    r"price|preis|prix|cena|precio|prezzo|preco|prijs|цена|מחיר"
    r"|(?:total|amount|sum|betrag|montant|wartosc|importe|סכום|סהכ).*(?:after|before|nach|vor|apres|avant|po|przed|אחרי|לפני)"
)
# "Total weight": no money, whatever else its name has.
NO_MONEY_NAMES: Final = re.compile(
    r"weight|gewicht|poids|peso|^waga|вес$|qty|quantit|^(?:total|numberof)?(?:items|units|pieces|count|points)$|punkte$"
    r"|משקל|כמות|נקודות$"
)
# "Price incl. VAT": a price, whatever else its name has.
WITH_TAX_NAMES: Final = re.compile(
    r"with|^inc|inc(?:vat|tax|gst)|(?:^|.)con(?:iva|imp)|incl|inkl|ttc|brutto|gross|lordo|exkl|excl|netto|before|after|כולל|לפני|ללא|בלי"
)


def folded(name: str) -> str:
    """A column's name as those here are compared: plain, without accents, and ``#`` as a number."""
    text = unicodedata.normalize("NFKD", name.replace("#", " no ").replace("Ł", "L").replace("ł", "l"))
    return plain_name("".join(letter for letter in text if unicodedata.category(letter) != "Mn"))


def suggests(name: str, role: str) -> bool:
    """Whether the *name* of a column suggests that it is *role*."""
    return any(one == role and re.search(pattern, folded(name)) for one, pattern in LIKELY_NAMES)


def is_price(name: str) -> bool:
    """Whether the *name* of a column is a price's or a sum's, though it speaks of a discount too."""
    return bool(_PRICES.search(folded(name)))


def is_universal(name: str) -> bool:
    """Whether the *name* of a column of times says that they are of no shop's zone."""
    return bool(_UNIVERSAL.search(name))
