"""The words of the trade for what became of an order and what a row is, in several languages.

They stand for proposals alone: a person sees each beside its meaning. What an import knows without a mapping is the
format's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from retainctl.shop.orders_import.documents import MappedStatus, RowType
from retainctl.shop.orders_import.formats.generic import STATUSES
from retainctl.shop.orders_import.proposing.likely_names import folded

_STATUSES: Final[Mapping[MappedStatus, str]] = {
    "pending": """pending payment, payment pending, awaiting payment, waiting for payment, on hold, unpaid, not paid
        zahlung ausstehend, ausstehend, zahlung offen, unbezahlt, nicht bezahlt, warten auf zahlung
        en attente, en attente de paiement, en attente de virement, paiement en attente, impayé, impayée
        oczekujące, oczekuje na płatność, oczekuje na wpłatę, nieopłacone, niezapłacone
        pendiente, pendiente de pago, pago pendiente, en espera, in attesa, in attesa di pagamento, non pagato
        pendente, aguardando pagamento, pagamento pendente, não pago, in afwachting van betaling, wacht op betaling
        in de wacht, onbetaald, ожидает оплаты, ожидание оплаты, в ожидании оплаты, не оплачен, не оплачено
        טרם שולם, טרם שולמה, בהמתנה לתשלום""",
    "processing": """in processing, preparing, being prepared, in bearbeitung, wird bearbeitet, en préparation
        préparation en cours, en cours de préparation, en cours de traitement, w realizacji, w trakcie realizacji
        przetwarzane, en proceso, procesando, in lavorazione, em processamento, em preparação, in behandeling
        wordt verwerkt, в обработке, обрабатывается, בהכנה, בתהליך""",
    "paid": """bezahlt, payé, payée, paiement accepté, opłacone, zapłacone, opłacona, pagado, pagada, pagato, betaald
        оплачен, оплачено, שולם במלואו, שולמה במלואה""",
    "shipped": """dispatched, partially shipped, partly shipped, partially fulfilled, in transit, out for delivery
        versendet, versandt, verschickt, teilweise versendet, expédié, expédiée, envoyé, envoyée, wysłane, wysłano
        enviado, enviada, spedito, verzonden, отправлен, отправлено, נשלח חלקית, נשלחה חלקית, בדרך ללקוח""",
    "completed": """finished, done, picked up, collected, abgeschlossen, erledigt, zugestellt, geliefert, abgeholt
        livré, livrée, terminé, terminée, zrealizowane, zakończone, dostarczone, completado, completada, entregado
        entregada, finalizado, completato, consegnato, concluído, entregue, voltooid, afgerond, geleverd, bezorgd
        выполнен, выполнено, завершен, завершён, доставлен, доставлено, נאסף, נאספה, הסתיים, הסתיימה""",
    "refunded": """fully refunded, returned, chargeback, charged back, erstattet, zurückerstattet, retourniert
        remboursé, remboursée, retourné, retournée, zwrócone, zwrócono, zwrot, reembolsado, reembolsada, devuelto
        devuelta, rimborsato, reso, devolvido, terugbetaald, geretourneerd, возвращён, возвращен, возвращено, возврат
        זוכה במלואו, זוכתה במלואה, הוחזר במלואו, הכחשת עסקה""",
    "cancelled": """cancelled by customer, canceled by customer, storniert, abgebrochen, annulé, annulée, anulowane
        anulowana, anulowano, cancelado, cancelada, anulado, anulada, annullato, geannuleerd, отменён, отменен
        отменено""",
    "failed": """payment failed, payment error, payment declined, declined, expired, fehlgeschlagen
        zahlung fehlgeschlagen, erreur de paiement, échoué, échouée, paiement refusé, nieudane, nieudana, fallido
        pago fallido, fallito, pagamento fallito, falhou, mislukt, не удалось, ошибка оплаты
        התשלום נכשל, תשלום נכשל""",
}
_PARTLY_REFUNDED: Final = """partially refunded, partly refunded, partial refund, teilweise erstattet, teilerstattet
    remboursé partiellement, partiellement remboursé, remboursée partiellement, częściowo zwrócone, częściowy zwrot
    parcialmente reembolsado, reembolsado parcialmente, parzialmente rimborsato, gedeeltelijk terugbetaald
    частичный возврат, частично возвращён, זוכה חלקית, זוכתה חלקית, הוחזר חלקית"""
_TYPES: Final[Mapping[RowType, str]] = {
    "sale": """sale, sales, order, purchase, invoice, tax invoice, rechnung, verkauf, vente, facture, fv, fa, pa
        faktura, faktura vat, paragon, sprzedaż, venta, factura, vendita, fattura, venda, fatura, verkoop, factuur
        продажа, מכירה, חשבונית, חשבונית מס, חשבונית מס קבלה""",
    "refund": """refund, return, credit, credit note, credit memo, credit invoice, gutschrift, erstattung, retoure
        stornorechnung, avoir, remboursement, retour, kfs, kfv, kor, korekta, faktura korygująca, zwrot, abono
        devolución, reembolso, nota de crédito, nota di credito, reso, rimborso, devolução, creditnota, creditfactuur
        возврат, זיכוי, חשבונית זיכוי, חשבונית מס זיכוי, תעודת זיכוי, החזר, החזרה, תעודת החזרה""",
    "left_out": """quote, quotation, estimate, proforma, pro forma, payout, withdrawal, void, voided, angebot
        kostenvoranschlag, devis, oferta, presupuesto, preventivo, orçamento, offerte, предложение
        הצעת מחיר, חשבון עסקה, חשבונית עסקה, פרופורמה, דרישת תשלום, תעודת משלוח""",
}


def _by_word(words: Mapping[MappedStatus, str]) -> dict[str, MappedStatus]:
    return {folded(word): meaning for meaning, some in words.items() for word in re.split(r"[,\n]", some)}


LIKELY_STATUSES: Final = {folded(word): meaning for word, meaning in STATUSES.items()} | _by_word(_STATUSES)
LIKELY_TYPES: Final = {folded(word): meaning for meaning, some in _TYPES.items() for word in re.split(r"[,\n]", some)}
PARTLY_REFUNDED: Final = frozenset(map(folded, re.split(r"[,\n]", _PARTLY_REFUNDED)))

# A column with one of these may say that a row is no sale, whatever else it says.
_NO_SALE: Final = re.compile(
    r"refund|return(?:ed|s)?\b|\bcredit (?:note|memo|invoice)|cancel|\bvoid|\bquot(?:e|ation)\b|charge ?back|payout"
    r"|storn|gutschrift|erstatt|retour|angebot|annul|avoir|rembours|\bdevis\b|anulow|koryg|korekt|zwr[oó]|devol|devuel"
    r"|reembols|cancelad|nota de cr|nota di cr|rimbors|annull|creditnota|terugbetaald|отмен|возврат"
    r"|זיכוי|החזר|ביטול|בוטל|מבוטל|הצעת מחיר",
    re.IGNORECASE,
)
_DELIVERY: Final = re.compile(
    r"^(?:shipping|delivery|postage|freight|versand|porto\b|livraison|frais de port|dostawa|koszty? (?:dostawy|wysy)"
    r"|przesy[lł]ka|env[ií]o\b|gastos de env|spedizione|spese di sped|frete\b|verzendkosten|доставка|משלוח|דמי משלוח)",
    re.IGNORECASE,
)
# With what a row of totals begins.
TOTAL_WORDS: Final = re.compile(
    r"\s*(?:grand total|sub-?total|totals?|sum|summe|gesamt(?:summe)?|zwischensumme|somme|razem|suma|ogó[lł]em|totale"
    r"|totaal|итого|всего|סה[\"״]?כ|סיכום)(?!\w)",
    re.IGNORECASE,
)


def says_no_sale(word: str) -> bool:
    """Whether *word* speaks of money that came back, or of what is no sale."""
    return folded(word) in PARTLY_REFUNDED or bool(_NO_SALE.search(word))


def speaks_of_no_sale(row: Sequence[str]) -> bool:
    """Whether a cell of *row* speaks of money that came back, or of what is no sale."""
    return any(map(says_no_sale, row))


def is_delivery(article: str) -> bool:
    """Whether an *article* is the delivery of others."""
    return bool(_DELIVERY.match(article.strip()))
