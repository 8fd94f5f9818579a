import * as api from '../generated/orval.ts';
import { type Client, memory, oneAtATime } from '../support/api.ts';
import { service } from '../support/orval-fetch.ts';

class Refused extends Error {
  constructor(readonly answer: { status: number; data: unknown }) {
    super(`status ${answer.status}`);
  }
}
function refuse(answer: { status: number; data: unknown }): never {
  throw new Refused(answer);
}

export const orval: Client = (origin) => {
  const { tokens, setTokens } = memory();
  service.origin = origin;
  const refresh = oneAtATime(async () => {
    const answer = await api.refresh({ refresh: tokens().refresh });
    setTokens(answer.status === 200 ? answer.data : refuse(answer));
  });
  const bearer = () => ({ headers: { Authorization: `Bearer ${tokens().access}` } });

  return {
    signUp: async (person) => {
      const answer = await api.signUp(person);
      return answer.status === 201 ? answer.data.user : refuse(answer);
    },
    logIn: async (person) => {
      const answer = await api.logIn(person);
      setTokens(answer.status === 200 ? answer.data : refuse(answer));
    },
    me: async () => {
      let answer = await api.getMe(bearer());
      if (answer.status === 401) {
        await refresh();
        answer = await api.getMe(bearer());
      }
      return answer.status === 200 ? answer.data : refuse(answer);
    },
    logOut: async () => {
      const answer = await api.logOut({ refresh: tokens().refresh });
      if (answer.status !== 204) refuse(answer);
    },
    tokens,
    setTokens,
    problemOf: (error) => ({
      status: error instanceof Refused && error.answer.status,
      body: error instanceof Refused && error.answer.data,
    }),
  };
};
