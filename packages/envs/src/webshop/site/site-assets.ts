/** Style sheet of the site, for the classes that its pages use. */
export const styleSheet = `:root { --ink: #1f2a37; --quiet: #6b7280; --line: #e5e7eb; --accent: #1d6b52; --paper: #fff; }
* { box-sizing: border-box; }
body { margin: 0; background: #f6f7f5; color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.container { max-width: 1080px; margin: 0 auto; padding: 1.5rem 1rem; }
h2, h3, h4, h5 { margin: 0.3rem 0; font-weight: 600; line-height: 1.3; }
h2 { font-size: 1.4rem; } h3 { font-size: 1.1rem; } h4 { font-size: 1rem; } h5 { font-size: 1rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; margin-bottom: 0.75rem; }
.text-center { text-align: center; width: 100%; }
.col-sm-6 { width: 100%; } .col-md-4 { flex: 1 1 280px; } .col-md-6 { flex: 2 1 360px; }
.col-md-12, .col-lg-12, .col-sm-8 { width: 100%; } .col-sm-2 { display: inline-block; }
.col-md-offset-3 { margin: 0 auto; max-width: 640px; }
#logo h2 { font-size: 2.4rem; letter-spacing: -0.03em; color: var(--accent); }
#instruction-text h4 { background: var(--paper); border-left: 4px solid var(--accent); border-radius: 6px; padding: 0.75rem 1rem; text-align: left; }
.btn { border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: var(--ink); font: inherit; padding: 0.45rem 1rem; cursor: pointer; }
.btn:hover, .btn:focus-visible { border-color: var(--accent); color: var(--accent); }
.btn-success { background: var(--accent); border-color: var(--accent); color: #fff; }
.btn-success:hover, .btn-success:focus-visible { color: #fff; filter: brightness(1.1); }
.purchase { background: #f4b942; border-color: #f4b942; font-weight: 600; padding: 0.7rem 1.6rem; }
#form-buscar { width: 100%; } .input-group { display: flex; gap: 0.5rem; }
.form-control { flex: 1; border: 1px solid var(--line); border-radius: 6px; font: inherit; padding: 0.6rem 0.8rem; }
.list-group-item { display: flex; gap: 1rem; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem; }
.list-group-item .col-lg-4 { flex: 0 0 96px; } .list-group { list-style: none; margin: 0; padding: 0; }
.result-img { width: 96px; height: 96px; object-fit: contain; }
.item-page-img { width: 100%; max-height: 340px; object-fit: contain; background: var(--paper); border-radius: 8px; }
.product-link { color: var(--quiet); font: 0.85rem ui-monospace, monospace; } .product-price { color: var(--accent); }
.radio-toolbar { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.radio-toolbar input { position: absolute; opacity: 0; }
.radio-toolbar label { border: 1px solid var(--line); border-radius: 999px; background: var(--paper); padding: 0.25rem 0.8rem; cursor: pointer; }
.radio-toolbar input:checked + label { background: var(--accent); border-color: var(--accent); color: #fff; }
.radio-toolbar input:focus-visible + label { outline: 2px solid var(--accent); outline-offset: 2px; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; }
pre { font: inherit; margin: 0; white-space: pre-wrap; } #reward pre { font-size: 2.6rem; color: var(--accent); }
#score-parts { margin: 1rem auto; border-collapse: collapse; background: var(--paper); }
#score-parts td, #score-parts th { border: 1px solid var(--line); padding: 0.35rem 1rem; text-align: left; }
[hidden] { display: none; }
`;

/** Script that checks the chosen options and follows a choice. */
export const pageScript = `"use strict";
const chosen = new Set(JSON.parse(document.currentScript.dataset.chosen));
for (const radio of document.querySelectorAll("input[type=radio]")) {
  radio.checked = chosen.has(JSON.stringify([radio.name, radio.value]));
  radio.addEventListener("click", () => { window.location.href = radio.dataset.url; });
}
`;

/** Placeholder for images, which are not shipped. */
export const placeholderPicture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" role="img" aria-label="no picture"><rect width="96" height="96" rx="10" fill="#eef1ee"/><path d="M28 38h40l-4 34H32z" fill="#fff" stroke="#9db3a8" stroke-width="3" stroke-linejoin="round"/><path d="M38 38v-5a10 10 0 0 1 20 0v5" fill="none" stroke="#9db3a8" stroke-width="3"/></svg>
`;
