"""Money: an exact amount in one currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NewType

Currency = NewType("Currency", str)
"""An ISO 4217 code."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency."""

    amount: Decimal
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + _same(self, other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - _same(self, other).amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < _same(self, other).amount

    def __le__(self, other: "Money") -> bool:
        return self.amount <= _same(self, other).amount


def zero(currency: Currency) -> Money:
    """No money at all, in this currency."""
    return exact(Money(Decimal(0), currency))


def exact(money: Money) -> Money:
    """The same money, written with all of its currency's decimals: 50 EUR is 50.00.

    Rounds nothing that fits; whoever calls has checked that it fits.
    """
    return Money(money.amount.quantize(_unit(money.currency)), money.currency)


def fits(money: Money) -> bool:
    """Whether the amount has no more decimals than its currency."""
    return exact(money).amount == money.amount


def _unit(currency: Currency) -> Decimal:
    return Decimal(1).scaleb(-DECIMALS[currency])


def _same(money: Money, other: Money) -> Money:
    if money.currency != other.currency:
        raise ValueError(f"{money.currency} and {other.currency} cannot be reckoned together")
    return other


# ISO 4217, list one of January 2026. Metals, test codes and units of account without decimals are no money.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
        CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
        GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
        MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR
        PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
        TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

DECIMALS = {Currency(code): decimals for decimals, codes in _CODES.items() for code in codes.split()}
"""Every currency, and how many decimals its amounts have."""
