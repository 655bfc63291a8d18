"""The first words of a new campaign, for a person to change: subject, the recipient's reason, and the body.

They stand without a customer's name, orders or points too. ``what`` is the draft's own line.
"""

from __future__ import annotations

from typing import Final, Literal

CampaignKind = Literal["offer", "newsletter", "greeting", "service"]

Starter = tuple[str, str, str]

_HEBREW_REASON: Final = (
    "קיבלתם את ההודעה כי הסכמתם לשמוע מ{{ shop_name }}"
    "{% if last_order %}. קניתם אצלנו לאחרונה ב־{{ last_order }}{% endif %}."
)
_ENGLISH_REASON: Final = (
    "You get this because you agreed to hear from {{ shop_name }}"
    "{% if last_order %}. You last bought from us on {{ last_order }}{% endif %}."
)

STARTERS: Final[dict[str, dict[CampaignKind, Starter]]] = {
    "he": {
        "offer": (
            "{{ first_name }}, יש לנו משהו בשבילך",
            _HEBREW_REASON,
            """\
שלום {{ first_name }},

יש לנו הצעה שחשבנו שתתאים לך:

**{{ what }}**

{% if top_category %}
ראינו שהכי אהבת אצלנו {{ top_category }}, ושם הכי כדאי להתחיל.
{% endif %}
{% if points %}
מחכות לך {{ points }} נקודות, ואפשר להשתמש בהן כבר בקנייה הבאה.
{% endif %}

להתראות,
צוות {{ shop_name }}
""",
        ),
        "newsletter": (
            "מה חדש ב{{ shop_name }}",
            _HEBREW_REASON,
            """\
# מה חדש אצלנו

שלום {{ first_name }},

{{ what }}

{% if orders %}
תודה שאתם איתנו: עד היום הזמנתם {% if orders == 1 %}פעם אחת{% else %}{{ orders }} פעמים{% endif %}.
{% endif %}

להתראות,
צוות {{ shop_name }}
""",
        ),
        "greeting": (
            "{{ first_name }}, חג שמח!",
            _HEBREW_REASON,
            """\
שלום {{ first_name }},

{{ what }}

{% if first_order %}
אתם איתנו מאז {{ first_order }}, וזה לא מובן מאליו. תודה!
{% endif %}

חג שמח,
צוות {{ shop_name }}
""",
        ),
        "service": (
            "הודעה מ{{ shop_name }}",
            "קיבלתם את ההודעה כי אתם לקוחות של {{ shop_name }}.",
            """\
שלום {{ first_name }},

{{ what }}

צוות {{ shop_name }}
""",
        ),
    },
    "en": {
        "offer": (
            "{{ first_name }}, something for you",
            _ENGLISH_REASON,
            """\
Hello {{ first_name }},

Here is something that we thought you would like:

**{{ what }}**

{% if top_category %}
You bought most of all from {{ top_category }}, and that is a good place to start.
{% endif %}
{% if points %}
{{ points }} points are waiting for you; use them with your next order.
{% endif %}

See you soon,
{{ shop_name }}
""",
        ),
        "newsletter": (
            "What is new at {{ shop_name }}",
            _ENGLISH_REASON,
            """\
# What is new

Hello {{ first_name }},

{{ what }}

{% if orders %}
Thank you for being with us: you have ordered {% if orders == 1 %}once{% else %}{{ orders }} times{% endif %} so far.
{% endif %}

See you soon,
{{ shop_name }}
""",
        ),
        "greeting": (
            "{{ first_name }}, best wishes from {{ shop_name }}",
            _ENGLISH_REASON,
            """\
Hello {{ first_name }},

{{ what }}

{% if first_order %}
You have been with us since {{ first_order }}. Thank you!
{% endif %}

Best wishes,
{{ shop_name }}
""",
        ),
        "service": (
            "A message from {{ shop_name }}",
            "You get this because you are a customer of {{ shop_name }}.",
            """\
Hello {{ first_name }},

{{ what }}

{{ shop_name }}
""",
        ),
    },
}
