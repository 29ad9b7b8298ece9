"""What several users share in memory is always on the account of one of them."""

from uuid import UUID, uuid4

from schema.delivery.accounts import Accounts, SharedMemory


def _held(accounts: Accounts, user_id: UUID) -> int:
    return next(size for size in range(1_001) if accounts.has_room(user_id, 1_000 - size))


def test_what_is_shared_is_on_the_account_of_the_one_who_has_shared_it_longest() -> None:
    accounts, first, second = Accounts(1_000), uuid4(), uuid4()
    shared = SharedMemory(accounts, 300)
    for user_id in (first, second, first):
        shared.join(user_id)
    assert (_held(accounts, first), _held(accounts, second)) == (300, 0)
    shared.leave(first)
    assert (_held(accounts, first), _held(accounts, second)) == (300, 0)
    shared.leave(first)
    assert (_held(accounts, first), _held(accounts, second)) == (0, 300)
    shared.join(first)
    shared.leave(second)
    assert (_held(accounts, first), _held(accounts, second)) == (300, 0)
    shared.leave(first)
    assert (_held(accounts, first), len(shared.users)) == (0, 0)


def test_no_more_fits_than_there_is_room_for() -> None:
    accounts, user_id = Accounts(1_000), uuid4()
    accounts.add(user_id, 900)
    assert [accounts.has_room(user_id, size) for size in (100, 101)] == [True, False]
    assert accounts.has_room(uuid4(), 1_000)
    accounts.release(user_id, 900)
    assert accounts.has_room(user_id, 1_000)
