/**
 * Writes API.md: all exports with their signatures and the first paragraph of their comments.
 * `npx tsx packages/graph/scripts/api-reference.ts` writes the file; with `--print` it only prints.
 */
import { readFileSync, writeFileSync } from "node:fs";
import ts from "typescript";

const folder = new URL("../", import.meta.url);

const entries = [
  ["@turnwise/graph", "src/index.ts"],
  ["@turnwise/graph/onnx", "src/onnx/index.ts"],
  ["@turnwise/graph/tensorflow", "src/tensorflow/index.ts"],
  ["@turnwise/graph/laws", "src/laws.ts"],
] as const;

function parse(file: URL): ts.SourceFile {
  const text = readFileSync(file, "utf8");
  return ts.createSourceFile(file.pathname, text, ts.ScriptTarget.ES2023, true);
}

/** The first paragraph of a comment, on one line. */
function summary(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter((each) => ts.isJSDoc(each));
  const text = comment && (ts.getTextOfJSDocComment(comment.comment) ?? "");
  const [paragraph = ""] = (text ?? "").split(/\n\s*\n/u);
  return paragraph
    .replaceAll(/\{@link (?:Tracer\.)?([^}]+)\}/gu, "`$1`")
    .replaceAll(/\s+/gu, " ")
    .trim();
}

/** The source of a node without its comments, its body, and line breaks. */
function signature(node: ts.Node, body?: ts.Node): string {
  const end = body ? body.getStart() : node.getEnd();
  const text = node.getSourceFile().text.slice(node.getStart(), end);
  return text
    .replaceAll(/\/\*\*[^]*?\*\//gu, "")
    .replace(/^export /u, "")
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/,\s*([)}>])/gu, " $1")
    .replaceAll(/([(<]) /gu, "$1")
    .replaceAll(/ ([)>])(?!=)/gu, "$1")
    .trim();
}

function isPublic(member: ts.ClassElement): boolean {
  const isPrivate = member.name !== undefined && ts.isPrivateIdentifier(member.name);
  return !isPrivate && !ts.isConstructorDeclaration(member);
}

/** A declaration, and what it holds, as lines of Markdown. */
function describe(node: ts.Declaration): string[] {
  if (ts.isFunctionDeclaration(node)) {
    return ["```ts", signature(node, node.body), "```", "", summary(node)];
  }
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
    const members = [...node.members].filter(
      (member) => !ts.isClassElement(member) || isPublic(member),
    );
    return [
      summary(node),
      "",
      ...members.map((member) => {
        const body = "body" in member ? (member.body as ts.Node | undefined) : undefined;
        const text = summary(member);
        return `- \`${signature(member, body).replace(/;$/u, "")}\`${text === "" ? "" : `: ${text}`}`;
      }),
    ];
  }
  if (ts.isVariableDeclaration(node)) {
    const rest = node.type ? `: ${node.type.getText()}` : ` = ${node.initializer?.getText()}`;
    const text = `const ${node.name.getText()}${rest}`;
    return ["```ts", text.replaceAll(/\s+/gu, " "), "```", "", summary(node.parent.parent)];
  }
  return ["```ts", signature(node), "```", "", summary(node)];
}

function findDeclaration(file: URL, name: string): ts.Declaration {
  const source = parse(file);
  for (const statement of source.statements) {
    const isNamed =
      (ts.isFunctionDeclaration(statement) ||
        ts.isClassDeclaration(statement) ||
        ts.isInterfaceDeclaration(statement) ||
        ts.isTypeAliasDeclaration(statement)) &&
      statement.name?.text === name;
    if (isNamed) return statement;
    if (!ts.isVariableStatement(statement)) continue;
    const [variable] = statement.declarationList.declarations;
    if (variable?.name.getText() === name) return variable;
  }
  throw new Error(`api-reference: ${file.pathname} must declare ${name}, got none`);
}

/** The exports of an entry in its order: names, and the files that declare them. */
function exportsOf(file: URL): { readonly name: string; readonly from: URL }[] {
  return parse(file).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return [];
    const from = new URL((statement.moduleSpecifier as ts.StringLiteral).text, file);
    const clause = statement.exportClause as ts.NamedExports;
    return clause.elements.map(({ name }) => ({ name: name.text, from }));
  });
}

/** The whole reference, before it is formatted. */
function apiReference(): string {
  const lines = [
    "# API of @turnwise/graph",
    "",
    "All exports, with the first paragraph of what their comments say; the rest, with ranges, edge cases and errors, is shown by editors. Written by `scripts/api-reference.ts`.",
  ];
  for (const [module, path] of entries) {
    lines.push("", `## ${module}`);
    const found = exportsOf(new URL(path, folder));
    for (const { name, from } of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      lines.push("", `### ${name}`, "", ...describe(findDeclaration(from, name)));
    }
  }
  return `${lines.join("\n")}\n`;
}

if (process.argv.includes("--print")) process.stdout.write(apiReference());
else writeFileSync(new URL("API.md", folder), apiReference());
