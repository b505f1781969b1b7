export const confirm = async (event, context) => {
  event.response.autoConfirmUser = true;
  event.response.about = { arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() > 0 };
  return event;
};

export const refuse = async () => {
  throw new Error("no such company");
};
