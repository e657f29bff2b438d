import type { UserConfig } from "vite";

const config: UserConfig = {
  // The sources of the packages, of which only used parts are bundled.
  resolve: { conditions: ["turnwise-source", "browser", "import", "module", "default"] },
  // The page also opens from disk, where the addresses of its files are relative.
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    target: "es2022",
    // One script and one style sheet, which an exported page holds within itself.
    cssCodeSplit: false,
    modulePreload: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        entryFileNames: "viewer.js",
        assetFileNames: "viewer[extname]",
        inlineDynamicImports: true,
      },
    },
  },
};

export default config;
