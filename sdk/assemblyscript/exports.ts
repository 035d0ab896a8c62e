import "./assembly/abort"; // for the option "use" of asconfig.json
export * from "./assembly/exports";
