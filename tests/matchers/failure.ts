/** The message with which a matcher fails. */
export async function failureOf(matching: Promise<void>): Promise<string> {
  try {
    await matching;
  } catch (error) {
    if (error instanceof Error && error.name === "AssertionError") return error.message;
    if (error instanceof Error && !("code" in error)) return error.message;
    throw error;
  }
  throw new Error("the matcher was met, and was to fail");
}
