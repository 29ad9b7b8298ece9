"""Global ids: text that leads back to its row, and nothing else does."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.global_id import NOTHING, decode_id, decode_node_id, encode_id, id_prefix

_ROW = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_HEX = "01890a5dac96774bbcceb302099a8057"


def test_a_global_id_is_the_name_of_the_type_and_the_row_s_id() -> None:
    assert encode_id("SharedOrder", _ROW) == f"SharedOrder_{_HEX}"
    assert encode_id("SharedOrder", _ROW) == id_prefix("SharedOrder") + _ROW.hex


@given(type_name=st.sampled_from(["User", "Order", "SharedOrder", "Organisation"]), row_id=st.uuids())
def test_a_global_id_leads_back_to_its_row(type_name: str, row_id: UUID) -> None:
    text = encode_id(type_name, row_id)

    assert decode_node_id(text) == (type_name, row_id)
    assert decode_id(type_name, text) == row_id


@pytest.mark.parametrize("type_name", ["User", "SharedOrder", "order", "Orde", "Order_", ""])
def test_the_global_id_of_another_type_is_that_of_nothing(type_name: str) -> None:
    assert decode_id(type_name, encode_id("Order", _ROW)) == NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "Order",
        "Order_",
        _HEX,
        f"_{_HEX}",
        f"Order_{_HEX[:-1]}",
        f"Order_{_HEX}0",
        f"Order_{_HEX.upper()}",
        f"Order_{_HEX[:-1]}g",
        f"Order_{_ROW}",
        f"Order-{_HEX}",
        f"Order__{_HEX}",
        f"Order2_{_HEX}",
        f"Örder_{_HEX}",
        f" Order_{_HEX}",
        f"Order_{_HEX} ",
        f"Order_{_HEX}\n",
        f"Order_{_HEX}\x00",
        # Digits elsewhere in the world, and what used to be an id.
        f"Order_{_HEX[:-1]}\N{ARABIC-INDIC DIGIT SEVEN}",
        "T3JkZXI6MDE4OTBhNWRhYzk2Nzc0YmJjY2ViMzAyMDk5YTgwNTc=",
    ],
)
def test_what_is_malformed_is_the_global_id_of_nothing(text: str) -> None:
    assert decode_node_id(text) == ("", NOTHING)
    assert decode_id("Order", text) == NOTHING


@given(st.text())
def test_any_text_is_nothing_or_exactly_a_global_id(text: str) -> None:
    type_name, row_id = decode_node_id(text)

    assert (type_name, row_id) == ("", NOTHING) or encode_id(type_name, row_id) == text
