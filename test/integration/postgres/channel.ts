/** Keeps what it is told, in order, and lets a test wait until that is enough. */
export function channel<T>() {
  const told: T[] = [];
  let wake = () => {};
  return {
    told,
    tell(value: T) {
      told.push(value);
      wake();
    },
    async until(condition: (told: T[]) => boolean) {
      while (!condition(told)) {
        const woken = Promise.withResolvers<void>();
        wake = woken.resolve;
        await woken.promise;
      }
    },
  };
}
