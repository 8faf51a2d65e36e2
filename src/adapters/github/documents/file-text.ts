/** A file's text with what tells that it cannot be read as text. */
export const FILE_TEXT = `
fragment FileText on TreeEntry {
  mode
  object { ... on Blob { ...BlobText } }
}
fragment BlobText on Blob {
  byteSize
  isBinary
  isTruncated
  text
}`;
