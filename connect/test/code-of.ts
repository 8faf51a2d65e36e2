/** The code of what is thrown, or what came out instead. */
export async function codeOf(act: () => unknown): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
