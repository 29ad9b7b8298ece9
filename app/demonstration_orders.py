"""The people and orders of the demonstration: a family and a team fund, written for it.

Dates count from the day on which it is loaded, so that covers end one after the other and none at once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.vocabulary import MemberRole, OrderStatus
from resolvers.import_order_types import OrderTypeToImport
from resolvers.import_orders import OrderToImport
from resolvers.import_platform_rows import PlatformRow

PENDING, IN_FORCE, SUSPENDED = OrderStatus.PENDING, OrderStatus.IN_FORCE, OrderStatus.SUSPENDED
LOSS_REPORTED, GRACE_PERIOD = OrderStatus.LOSS_REPORTED, OrderStatus.GRACE_PERIOD
LAPSED, CANCELLED = OrderStatus.LAPSED, OrderStatus.CANCELLED


class Person(NamedTuple):
    """Somebody who signs in; `reference` is the `sub` of their tokens."""

    reference: str
    name: str


class Group(NamedTuple):
    """An organisation, the currency it pays in, and who administers it."""

    reference: str
    name: str
    currency: str
    admin: Person


class Cover(NamedTuple):
    """An order; `began` counts days back from the day of the load, `ends` days ahead, None for a cover without end."""

    reference: str
    owner: Person
    type: str
    title: str
    premium_minor: int
    status: OrderStatus
    began: int
    ends: int | None
    seats: int


MEI = Person("mei@lin.example", "林美 (Lin Mei)")
WEI = Person("wei@lin.example", "林伟 (Lin Wei)")
FANG = Person("fang@lin.example", "王芳 (Wang Fang)")
GUODONG = Person("guodong@lin.example", "林国栋 (Lin Guodong)")
JUN = Person("jun@lin.example", "林俊 (Lin Jun)")
XIAOYU = Person("xiaoyu@lin.example", "林小雨 (Lin Xiaoyu)")
AMARA = Person("amara@harbour.example", "Amara Okafor")
TOMAS = Person("tomas@harbour.example", "Tomas Lindqvist")
PRIYA = Person("priya@harbour.example", "Priya Nair")
DIEGO = Person("diego@harbour.example", "Diego Fuentes")
SOFIA = Person("sofia@harbour.example", "Sofia Marchetti")
KWAME = Person("kwame@harbour.example", "Kwame Mensah")

FAMILY = Group("lin.example", "林家 (the Lin family)", "CNY", MEI)
FUND = Group("harbour.example", "Harbour Street team fund", "EUR", AMARA)

TYPES = (
    OrderTypeToImport("MEDICAL", "Medical cover", 10),
    OrderTypeToImport("CRITICAL_ILLNESS", "Critical illness cover", 20),
    OrderTypeToImport("TERM_LIFE", "Term life cover", 30),
    OrderTypeToImport("ACCIDENT", "Accident cover", 40),
    OrderTypeToImport("LIABILITY", "Liability cover", 50),
    OrderTypeToImport("HOME", "Home and contents cover", 60),
    OrderTypeToImport("VEHICLE", "Vehicle cover", 70),
    OrderTypeToImport("TRAVEL", "Travel cover", 80),
)

_FAMILY_COVERS = (
    Cover("LIN-101", MEI, "MEDICAL", "百万医疗险 · 林美", 58_600, IN_FORCE, 210, 885, 3),
    Cover("LIN-102", MEI, "CRITICAL_ILLNESS", "重疾险 · 林美", 412_000, IN_FORCE, 1200, None, 2),
    Cover("LIN-103", MEI, "TERM_LIFE", "定期寿险 · 二十年", 168_000, IN_FORCE, 900, 6405, 2),
    Cover("LIN-104", MEI, "HOME", "家财险 · 杭州西溪自住房", 39_900, IN_FORCE, 340, 1485, 4),
    Cover("LIN-105", MEI, "TRAVEL", "Two weeks in Lisbon", 12_800, PENDING, -18, 32, 5),
    Cover("LIN-106", MEI, "VEHICLE", "车险 · 浙A 8K2L6", 326_500, IN_FORCE, 36, 694, 3),
    Cover("LIN-201", WEI, "MEDICAL", "百万医疗险 · 林伟", 61_200, IN_FORCE, 64, 301, 3),
    Cover("LIN-202", WEI, "ACCIDENT", "综合意外险 · 林伟", 29_900, GRACE_PERIOD, 370, -5, 2),
    Cover("LIN-203", WEI, "VEHICLE", "Electric scooter", 18_000, CANCELLED, 420, -55, 1),
    Cover("LIN-204", WEI, "TRAVEL", "Skiing in Hokkaido", 22_400, LAPSED, 410, -45, 2),
    Cover("LIN-205", WEI, "TERM_LIFE", "定期寿险 · 林伟", 142_000, SUSPENDED, 700, 2950, 2),
    Cover("LIN-301", FANG, "MEDICAL", "Outpatient and hospital, Wang Fang", 73_500, IN_FORCE, 130, 235, 3),
    Cover("LIN-302", FANG, "CRITICAL_ILLNESS", "重疾险 · 王芳", 398_000, IN_FORCE, 1500, None, 2),
    Cover("LIN-303", FANG, "VEHICLE", "车险 · 浙A D1790", 298_000, IN_FORCE, 320, 45, 1),
    Cover("LIN-304", FANG, "LIABILITY", "Piano teacher's liability", 46_000, IN_FORCE, 339, 26, 2),
    Cover("LIN-305", FANG, "HOME", "Piano and sheet music", 21_500, LOSS_REPORTED, 280, 85, 2),
    Cover("LIN-401", GUODONG, "MEDICAL", "防癌医疗险 · 林国栋", 132_000, IN_FORCE, 355, 13, 6),
    Cover("LIN-402", GUODONG, "ACCIDENT", "老年意外险 · 林国栋", 19_900, IN_FORCE, 300, 65, 6),
    Cover("LIN-403", GUODONG, "TRAVEL", "旅游险 · 桂林七日", 6_800, IN_FORCE, 2, 19, 4),
    Cover("LIN-404", GUODONG, "HOME", "家财险 · 绍兴老宅", 27_600, GRACE_PERIOD, 380, -14, 3),
    Cover("LIN-405", GUODONG, "VEHICLE", "三轮车险", 9_900, CANCELLED, 500, -135, 1),
    Cover("LIN-501", JUN, "MEDICAL", "Student medical, Lin Jun", 24_000, IN_FORCE, 356, 9, 3),
    Cover("LIN-502", JUN, "ACCIDENT", "Football club accident cover", 9_600, IN_FORCE, 75, 290, 3),
    Cover("LIN-503", JUN, "LIABILITY", "Rented flat liability", 14_400, IN_FORCE, 75, 290, 2),
    Cover("LIN-504", JUN, "TRAVEL", "Exchange term in Leiden", 48_000, PENDING, -40, 150, 3),
    Cover("LIN-505", JUN, "HOME", "Laptop and bicycle", 11_900, LOSS_REPORTED, 160, 205, 2),
    Cover("LIN-601", XIAOYU, "MEDICAL", "少儿医疗险 · 小雨", 36_600, IN_FORCE, 190, 175, 4),
    Cover("LIN-602", XIAOYU, "ACCIDENT", "学平险 · 小雨", 10_000, IN_FORCE, 85, 280, 4),
    Cover("LIN-603", XIAOYU, "CRITICAL_ILLNESS", "少儿重疾险 · 小雨", 88_000, IN_FORCE, 800, None, 3),
    Cover("LIN-604", XIAOYU, "TRAVEL", "夏令营意外险", 5_500, LAPSED, 130, -100, 3),
)

_FUND_COVERS = (
    Cover("HSF-011", AMARA, "MEDICAL", "Supplementary medical, Amara Okafor", 8_400, IN_FORCE, 120, 245, 2),
    Cover("HSF-012", AMARA, "LIABILITY", "Directors' liability", 64_000, IN_FORCE, 230, 135, 3),
    Cover("HSF-013", AMARA, "HOME", "Office contents, Harbour Street 12", 31_500, IN_FORCE, 350, 16, 4),
    Cover("HSF-014", AMARA, "VEHICLE", "Delivery van HB-447", 72_300, LOSS_REPORTED, 260, 105, 2),
    Cover("HSF-015", AMARA, "TRAVEL", "Annual business travel", 18_900, IN_FORCE, 40, 325, 6),
    Cover("HSF-021", TOMAS, "MEDICAL", "Supplementary medical, Tomas Lindqvist", 7_900, IN_FORCE, 310, 55, 2),
    Cover("HSF-022", TOMAS, "ACCIDENT", "Workshop accident cover", 12_600, IN_FORCE, 150, 215, 3),
    Cover("HSF-023", TOMAS, "VEHICLE", "Cargo bicycle", 4_300, IN_FORCE, 357, 6, 2),
    Cover("HSF-024", TOMAS, "TERM_LIFE", "Term life, fifteen years", 22_100, SUSPENDED, 600, 4875, 1),
    Cover("HSF-025", TOMAS, "TRAVEL", "Trade fair in Milan", 2_400, LAPSED, 90, -62, 2),
    Cover("HSF-031", PRIYA, "MEDICAL", "Supplementary medical, Priya Nair", 8_100, IN_FORCE, 20, 345, 2),
    Cover("HSF-032", PRIYA, "CRITICAL_ILLNESS", "Critical illness, Priya Nair", 19_500, IN_FORCE, 1000, None, 2),
    Cover("HSF-033", PRIYA, "LIABILITY", "Software liability", 41_000, IN_FORCE, 175, 190, 3),
    Cover("HSF-034", PRIYA, "TRAVEL", "Conference in Bengaluru", 5_200, PENDING, -25, 46, 2),
    Cover("HSF-035", PRIYA, "HOME", "Home office equipment", 6_700, CANCELLED, 300, 65, 1),
    Cover("HSF-041", DIEGO, "MEDICAL", "Supplementary medical, Diego Fuentes", 8_800, GRACE_PERIOD, 375, -9, 2),
    Cover("HSF-042", DIEGO, "ACCIDENT", "Climbing accident cover", 9_900, IN_FORCE, 60, 305, 2),
    Cover("HSF-043", DIEGO, "HOME", "Camera equipment", 15_800, IN_FORCE, 220, 145, 3),
    Cover("HSF-044", DIEGO, "VEHICLE", "Motorcycle", 26_400, SUSPENDED, 250, 115, 1),
    Cover("HSF-051", SOFIA, "MEDICAL", "Supplementary medical, Sofia Marchetti", 7_700, IN_FORCE, 280, 85, 2),
    Cover("HSF-052", SOFIA, "TERM_LIFE", "Term life, Sofia Marchetti", 17_300, IN_FORCE, 450, 5025, 2),
    Cover("HSF-053", SOFIA, "LIABILITY", "Event organiser's liability", 33_200, IN_FORCE, 345, 21, 4),
    Cover("HSF-054", SOFIA, "TRAVEL", "Family holiday in Crete", 3_600, CANCELLED, 45, 10, 2),
    Cover("HSF-061", KWAME, "MEDICAL", "Supplementary medical, Kwame Mensah", 8_200, IN_FORCE, 330, 35, 2),
    Cover("HSF-062", KWAME, "CRITICAL_ILLNESS", "Critical illness, Kwame Mensah", 20_700, PENDING, -7, None, 2),
    Cover("HSF-063", KWAME, "ACCIDENT", "Running club accident cover", 5_100, GRACE_PERIOD, 385, -20, 3),
    Cover("HSF-064", KWAME, "HOME", "Flat and contents, Quay 3", 19_400, IN_FORCE, 110, 255, 2),
    Cover("HSF-071", WEI, "LIABILITY", "Consultant's liability, Lin Wei", 28_500, IN_FORCE, 50, 315, 2),
    Cover("HSF-072", WEI, "TRAVEL", "Team visits to Hamburg", 6_100, IN_FORCE, 30, 335, 3),
    Cover("HSF-073", WEI, "VEHICLE", "Pool car HB-902", 54_900, IN_FORCE, 290, 75, 4),
)


def demonstration_rows(now: datetime) -> Iterator[PlatformRow]:
    """Yield the rows that the order platform would send of the demonstration, as of the day of `now`."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for group, covers in ((FAMILY, _FAMILY_COVERS), (FUND, _FUND_COVERS)):
        for cover in covers:
            yield _row(group, cover, today)


def _row(group: Group, cover: Cover, today: datetime) -> PlatformRow:
    return PlatformRow(
        organisation=group.reference,
        organisation_name=group.name,
        member_name=cover.owner.name,
        role=MemberRole.ADMIN if cover.owner is group.admin else MemberRole.MEMBER,
        order=OrderToImport(
            reference=cover.reference,
            owner_reference=cover.owner.reference,
            type=cover.type,
            title=cover.title,
            premium_minor=cover.premium_minor,
            currency=group.currency,
            status=cover.status,
            effective_at=today - timedelta(days=cover.began),
            expires_at=None if cover.ends is None else today + timedelta(days=cover.ends),
            max_shares=cover.seats,
        ),
    )
