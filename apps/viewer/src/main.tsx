import { render } from "preact";
import { App } from "./app.tsx";
import { startPage } from "./state.ts";

render(<App />, document.getElementById("app")!);
void startPage();
