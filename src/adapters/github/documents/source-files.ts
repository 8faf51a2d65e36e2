/** The files that decide how a server is built. */
export const SOURCE_FILES = `
fragment SourceFiles on Commit {
  oid
  config: file(path: ".mcp-hosting.yml") { ...FileText }
  packageJson: file(path: "package.json") { ...FileText }
  pyproject: file(path: "pyproject.toml") { ...FileText }
  requirements: file(path: "requirements.txt") { type }
  dockerfile: file(path: "Dockerfile") { type }
}`;
