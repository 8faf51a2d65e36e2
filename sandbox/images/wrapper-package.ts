import { fileURLToPath } from 'node:url';

/** The wrapper's image as `templates/` name it. */
export const WRAPPER_IMAGE_NAME = 'ghcr.io/4eyedengineer/mcp-wrapper';
/** The package of this checkout that stands for it. */
export const WRAPPER_DIRECTORY = fileURLToPath(new URL('../../wrapper', import.meta.url));
