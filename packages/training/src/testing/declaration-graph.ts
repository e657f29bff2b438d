import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

/**
 * Dependencies between the top-level names of a module: the identifiers that each name uses, and
 * the sources of re-exports.
 */
interface Module {
  /**
   * Identifiers used in the declaration of each top-level name; key `""` has the identifiers of all
   * other statements.
   */
  readonly uses: ReadonlyMap<string, ReadonlySet<string>>;
  /** Imported and re-exported values by local or exported name. */
  readonly sources: ReadonlyMap<string, { readonly from: string; readonly name: string }>;
}

const modules = new Map<string, Module>();

function readModule(path: string): Module {
  const known = modules.get(path);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const uses = new Map<string, Set<string>>();
  const sources = new Map<string, { from: string; name: string }>();
  for (const statement of source.statements) {
    const bindings = listBindings(statement);
    for (const [local, name, from] of bindings) sources.set(local, { from, name });
    if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) continue;
    const found = new Set<string>();
    collectIdentifiers(statement, found);
    for (const name of listDeclaredNames(statement)) {
      uses.set(name, new Set([...(uses.get(name) ?? []), ...found]));
    }
  }
  const module = { uses, sources };
  modules.set(path, module);
  return module;
}

/** Lists the values that a statement imports or re-exports: local name, name at the source, source. */
function listBindings(statement: ts.Statement): [string, string, string][] {
  if (ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)) {
    const clause = statement.importClause;
    const named = clause?.namedBindings;
    if (clause?.isTypeOnly !== false || named === undefined || !ts.isNamedImports(named)) return [];
    return listElements(named.elements, statement.moduleSpecifier.text);
  }
  if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return [];
  const { exportClause, moduleSpecifier } = statement;
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
  if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
  return listElements(exportClause.elements, moduleSpecifier.text);
}

function listElements(
  elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[],
  from: string,
): [string, string, string][] {
  return elements.flatMap((element): [string, string, string][] =>
    element.isTypeOnly
      ? []
      : [[element.name.text, (element.propertyName ?? element.name).text, from]],
  );
}

function listDeclaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name)
        ? [name.text]
        : name.elements.flatMap((element) =>
            ts.isBindingElement(element) && ts.isIdentifier(element.name)
              ? [element.name.text]
              : [],
          ),
    );
  }
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    return statement.name ? [statement.name.text] : [];
  }
  return [""];
}

/** Collects the identifiers of values; types and property names are ignored. */
function collectIdentifiers(node: ts.Node, into: Set<string>): void {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
    return;
  }
  if (ts.isIdentifier(node)) into.add(node.text);
  if (ts.isPropertyAccessExpression(node)) {
    collectIdentifiers(node.expression, into);
    return;
  }
  if (ts.isPropertyAssignment(node)) {
    collectIdentifiers(node.initializer, into);
    return;
  }
  ts.forEachChild(node, (child) => collectIdentifiers(child, into));
}

/** Lists the values that an index module exports, by name. */
export function listExportedValues(index: string): string[] {
  return [...readModule(index).sources.keys()].sort();
}

/** Lists the values of a package that the sources of a folder import, except tests. */
export function listImportedValues(folder: string, packageName: string): string[] {
  const names = new Set<string>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts") || /\.test\.ts$|(?:^|[/\\])testing[/\\]/u.test(entry)) continue;
    for (const { from, name } of readModule(join(folder, entry)).sources.values()) {
      if (from === packageName) names.add(name);
    }
  }
  return [...names].sort();
}

/**
 * Finds the exports of an index module that the roots use, directly or indirectly, roots included.
 * @param roots - Names that the index exports.
 */
export function findReachableValues(index: string, roots: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string, name: string): void => {
    const key = `${path}#${name}`;
    if (reached.has(key)) return;
    reached.add(key);
    const { uses, sources } = readModule(path);
    const source = sources.get(name);
    if (source !== undefined) {
      const target = resolve(dirname(path), source.from);
      if (source.from.startsWith(".") && existsSync(target)) visit(target, source.name);
      return;
    }
    for (const used of uses.get(name) ?? []) {
      if (uses.has(used) || sources.has(used)) visit(path, used);
    }
  };
  for (const root of roots) visit(index, root);
  // An exported name is reachable if its declaration is reached, even under another name.
  return new Set(
    listExportedValues(index).filter((name) => {
      const { from, name: original } = readModule(index).sources.get(name)!;
      return reached.has(`${resolve(dirname(index), from)}#${original}`);
    }),
  );
}
