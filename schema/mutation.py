"""Where mutations begin."""

import strawberry

from execution.whole import wholly
from schema.mutations import import_orders, organisation, process_order, share_order, shared_order
from schema.whole_claim import compile_claim


@strawberry.type(
    description=(
        "Each mutation is one transaction. What it refuses is data: `userErrors` tells why, and nothing has changed. "
        "With an `idempotencyKey` it is safe to send again."
    )
)
class Mutation:
    """The mutation type."""

    share_order = strawberry.mutation(
        share_order.resolve_share_order,
        description=(
            "Offer an order to other members, who are told to claim it. Each recipient who cannot be offered "
            "it is a user error; the others get their offers."
        ),
    )
    claim_shared_order = strawberry.mutation(
        shared_order.resolve_claim,
        description=(
            "Claim an offer inside its window while a seat is free, as its recipient. From then on you "
            "follow the order, and may process it where the permission is PROCESS."
        ),
        metadata=wholly(compile_claim),
    )
    decline_shared_order = strawberry.mutation(
        shared_order.resolve_decline, description="Turn an offer down; as its recipient."
    )
    release_shared_order = strawberry.mutation(
        shared_order.resolve_release, description="Give a claimed share back and free its seat; as its recipient."
    )
    revoke_shared_order = strawberry.mutation(
        shared_order.resolve_revoke,
        description=(
            "Revoke an open or expired offer, or a claimed share, whose seat is free then; as its sender, the order's "
            "owner or an admin."
        ),
    )
    extend_claim_window = strawberry.mutation(
        shared_order.resolve_extend,
        description=(
            "Move the end of a claim window, which opens an expired offer again; as its sender or an admin, who must "
            "be allowed to make the same offer now."
        ),
    )
    process_order = strawberry.mutation(
        process_order.resolve_process_order,
        description=(
            "Do something to an order through the id of your own, the order or the shared order. The server "
            "derives the status from it and tells both terminals."
        ),
    )
    import_orders = strawberry.mutation(
        import_orders.resolve_import_orders, description="Import orders from the order platform; for admins only."
    )
    set_share_policy = strawberry.mutation(
        organisation.resolve_set_share_policy,
        description="Say who may share the organisation's orders; for admins only.",
    )
    add_member = strawberry.mutation(
        organisation.resolve_add_member, description="Make a user a member; for admins only."
    )
    remove_member = strawberry.mutation(
        organisation.resolve_remove_member,
        description="Remove a member and revoke what they were offered or hold; for admins only.",
    )
    set_member_role = strawberry.mutation(
        organisation.resolve_set_member_role, description="Give a member another role; for admins only."
    )
