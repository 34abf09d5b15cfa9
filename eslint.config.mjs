// The scripts of the maps, the search box and present mode are plain files that the page loads in
// order; what has no page in it runs in node as well (tests/js).
import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "complexity": ["error", 25],
  "eqeqeq": "error",
  "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
  "no-implicit-globals": "error",
  "no-restricted-properties": ["error",
    { property: "innerHTML", message: "Names are untrusted: make text nodes (PCSDom.h)." },
    { property: "outerHTML", message: "Names are untrusted: make text nodes (PCSDom.h)." }],
  "no-restricted-syntax": ["error", {
    selector: "CallExpression[callee.property.name=/^createElement(NS)?$/]",
    message: "PCSDom.h makes elements.",
  }],
  "no-shadow": ["error", { builtinGlobals: false }],
  "no-unused-expressions": "error",
  "no-var": "error",
  "prefer-const": "error",
  "strict": ["error", "function"],
};

export default [
  { files: ["pcs_dash/assets/*.js"], rules, languageOptions: { sourceType: "script", ecmaVersion: 2022, globals: { ...globals.browser, L: "readonly" } } },
  { files: ["pcs_dash/assets/dom.js"], rules: { "no-restricted-syntax": "off" } },
  { files: ["tests/js/*.js"], rules: { ...rules, "max-lines-per-function": "off", "strict": "off" },
    languageOptions: { sourceType: "commonjs", ecmaVersion: 2022, globals: globals.node } },
  { files: ["eslint.config.mjs"], rules: js.configs.recommended.rules },
];
