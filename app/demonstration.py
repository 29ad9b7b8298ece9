"""A demonstration that needs no preparation."""

import asyncio
import os
import secrets
from datetime import timedelta
from pathlib import Path
from string import Template

import typer
from pydantic import SecretStr

from app.address import browser_address, require_free_address
from app.demonstration_data import DemonstrationData
from app.demonstration_orders import MEI, WEI, Person
from app.load_demonstration import Scene, load_demonstration
from app.server import serve
from app.settings import Settings, SettingsError
from app.tokens import Tokens
from db.database import Database
from db.migrations.runner import upgrade
from schema.global_id import encode_id

SECRET_FILE = Path(".demo", "jwt-secret")
"""Where a secret is kept that nobody set, so that tokens survive a restart; below the working directory."""

_LIFETIME = timedelta(hours=24)
_CODE_BYTES = 18
"""Too many to guess, and short enough for an address: 24 characters."""

_WELCOME = Template("""\
Two terminals, side by side: $pages
GraphiQL, its tabs ready to run: $graphiql

Open both as they stand here: with the code at their end a browser may act as everybody, until this server ends.
GraphiQL has a tab for each step, with the token of whoever takes it; "Act as" makes a tab somebody else's.
For other programs, these are the two terminals' headers; the tokens hold for 24 hours.

First terminal: Lin Mei, admin of the family and owner of the order
$first

Second terminal: Lin Wei, the member to whom the order is offered
$second

By hand it goes like this:

1. First terminal: listen, and leave it running.

subscription {
  organisationEvents(organisationId: "$organisation") {
    sequence __typename actor { name } order { title }
    ... on SharedOrderChanged { offer: status }
    ... on OrderStatusChanged { status reason { via action } }
  }
}

2. Second terminal: see what is offered to you, and whether you can claim it.

query {
  viewer {
    sharedOrders(status: [OFFERED]) {
      nodes { id sender { name } order { title } message claimEligibility { claimable code } }
    }
  }
}

3. Second terminal: claim what Lin Mei offers. The first terminal hears of it.

mutation {
  claimSharedOrder(input: {sharedOrderId: "$shared_order"}) {
    sharedOrder { status availableActions }
    userErrors { code message }
  }
}

4. Second terminal: report a loss through your shared order. The first terminal hears of that, too.

mutation {
  processOrder(input: {orderId: "$shared_order", action: REPORT_LOSS}) {
    order { title status version }
    userErrors { code message }
  }
}

README.md goes on from here. Ctrl-C ends the server.
""")


def serve_demonstration(settings: Settings) -> None:
    """Migrate, load the demonstration unless it is there, print how to try it, and serve.

    Raises:
        SettingsError: Where a setting is missing or unsafe, or the address is taken.
    """
    settings = _with_secret(settings)
    settings.checked_signal_url()
    tokens = Tokens(settings)
    url = settings.checked_database_url()
    require_free_address(settings)
    upgrade(url)
    scene = asyncio.run(_load(url))
    code = secrets.token_urlsafe(_CODE_BYTES)
    typer.echo(_welcome(browser_address(settings), code, tokens, scene))
    serve(settings, demonstration=DemonstrationData(scene, tokens, code))


def _with_secret(settings: Settings) -> Settings:
    """Return the settings with a secret: the one that is set, or else the one that is kept beside the program.

    Where an issuer signs, there is none, and the demonstration cannot sign its tokens.
    """
    if settings.jwt_secret.get_secret_value() or settings.jwks_url:
        return settings
    try:
        kept = _kept_secret()
    except OSError as fault:
        raise SettingsError(f"{SECRET_FILE} cannot be kept ({fault.strerror}): set ORDERSHARE_JWT_SECRET.") from None
    return settings.model_copy(update={"jwt_secret": SecretStr(kept)})


def _kept_secret() -> str:
    if not SECRET_FILE.exists():
        SECRET_FILE.parent.mkdir(mode=0o700, exist_ok=True)
        # Written beside and renamed: whoever reads the file reads a whole secret, and nobody else can.
        written = SECRET_FILE.with_name(f"{SECRET_FILE.name}.{os.getpid()}")
        written.touch(mode=0o600)
        written.write_text(secrets.token_urlsafe(48))
        written.rename(SECRET_FILE)
    return SECRET_FILE.read_text().strip()


async def _load(url: str) -> Scene:
    database = Database(url)
    try:
        return await database.write(load_demonstration)
    finally:
        await database.close()


def _welcome(address: str, code: str, tokens: Tokens, scene: Scene) -> str:
    return _WELCOME.substitute(
        pages=f"{address.removesuffix('graphql')}#code={code}",
        graphiql=f"{address}#code={code}",
        first=_headers(tokens, MEI),
        second=_headers(tokens, WEI),
        organisation=encode_id("Organisation", scene.organisation_id),
        shared_order=encode_id("SharedOrder", scene.shared_order_id),
    )


def _headers(tokens: Tokens, person: Person) -> str:
    return f'{{"Authorization": "Bearer {tokens.sign(person.reference, _LIFETIME)}"}}'
