import { render } from "preact";
// The style sheet is built with the script that it belongs to.
// oxlint-disable-next-line no-unassigned-import
import "./style.css";
import { App } from "./app.tsx";
import { startPage } from "./state.ts";

render(<App />, document.getElementById("app")!);
void startPage();
