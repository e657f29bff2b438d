console.log("turnwise");
