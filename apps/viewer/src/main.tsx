import { render } from "preact";
// The build bundles the style sheet with the script.
// oxlint-disable-next-line no-unassigned-import
import "./style.css";
import { App } from "./app.tsx";
import { startPage } from "./state.ts";

render(<App />, document.getElementById("app")!);
void startPage();
