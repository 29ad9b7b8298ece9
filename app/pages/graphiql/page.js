// Starts GraphiQL. Tokens stay in this page's memory: they go into no address and no storage.

import { fetcher, lastHeaders } from "./fetcher.js";
import { headersOf, tabs } from "./journey.js";
import { storageOfOneVisit, storageWithoutHeaders } from "./storage.js";

const { createElement, useEffect, useState } = React;

/** Ask for what the demonstration has, where this server is one. */
async function load() {
  const module = document.body.dataset.demonstration;
  if (!module) return null;
  const { data, isLocked } = await (await import(module)).demonstration();
  document.querySelector("#locked").hidden = !isLocked;
  return data;
}

function Page({ data, storage, plugins }) {
  // What a change of this says is what the headers pane of the tab in front holds.
  const [headers, setHeaders] = useState(data ? opening[0].headers : undefined);
  useEffect(() => {
    if (data) offerPeople(data.people, setHeaders);
  }, [data]);
  return createElement(GraphiQL, {
    fetcher,
    storage,
    plugins,
    headers,
    onEditHeaders: (text) => {
      setHeaders(text);
      showWho(data, text);
    },
    onTabChange: ({ tabs: open, activeTabIndex }) => showWho(data, open[activeTabIndex]?.headers),
    defaultTabs: opening,
    defaultHeaders: data ? headersOf(data.people[0]) : undefined,
    defaultEditorToolsVisibility: "variables",
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
  });
}

function offerPeople(people, setHeaders) {
  const select = document.querySelector("#person");
  select.replaceChildren(
    new Option("somebody of the headers pane", ""),
    ...people.map((person) => new Option(`${person.name}, ${person.role.toLowerCase()}`, person.reference)),
  );
  select.addEventListener("change", () => {
    const person = people.find((each) => each.reference === select.value);
    if (person) setHeaders(headersOf(person));
  });
  document.querySelector("#acting").hidden = false;
  showWho({ people }, headersOf(people[0]));
}

/** Show whose token the tab in front has. */
function showWho(data, headers) {
  const person = data?.people.find((each) => headers?.includes(each.token));
  document.querySelector("#person").value = person?.reference ?? "";
}

const data = await load();
if (data) lastHeaders.authorization = `Bearer ${data.people[0].token}`;
const opening = tabs(data);
const storage = data ? storageOfOneVisit() : storageWithoutHeaders();
if (data) {
  // Of the tab in front GraphiQL takes only the document from its list, and the other panes from here.
  for (const pane of ["query", "variables", "headers"]) storage.setItem(`graphiql:${pane}`, opening[0][pane]);
}
const plugins = [GraphiQLPluginExplorer.explorerPlugin()];
ReactDOM.createRoot(document.querySelector("#graphiql")).render(
  createElement(Page, { data, storage, plugins }),
);
